import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Action, ActionOf, Event } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { TurnLog } from './turn-log.js';

it('tells of each load and each unload why it was ordered, and for which model another one leaves', () => {
  const lines: unknown[] = [];
  const log = new TurnLog(
    pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }),
  );
  const driver = new CoreDriver()
    .declare(aModel('a', { gpuBytes: 6, minCopies: 1 }), aModel('b', { gpuBytes: 6, pinnedCopies: 1 }))
    .serve(aServer('t', [10]), ['a']);
  driver.loadEnds('a', 't');
  driver.shelf('t').set('b', '');
  driver.pass(20_000);
  for (const one of driver.log) if (one.kind === 'load' || one.kind === 'unload') log.orderSent(one);
  log.turnTaken({ events: [], actions: driver.log, now: driver.now, took: 0 });
  expect(lines).toEqual([
    { level: 30, model: 'a', server: 't', cause: 'kept_warm', msg: 'loading a on t: kept_warm' },
    {
      ...{ level: 30, model: 'a', server: 't', cause: 'evicted', for: 'b' },
      msg: 'unloading a from t: evicted, to make room for b',
    },
    { level: 30, model: 'b', server: 't', cause: 'pinned', msg: 'loading b on t: pinned' },
  ]);
});

it('tells of a moment at which the core did not come to rest', () => {
  const lines: unknown[] = [];
  const log = new TurnLog(
    pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }),
  );
  log.turnTaken({ events: [], actions: [], now: 7, took: 0, isAtRest: false });
  expect(lines).toEqual([{ level: 50, now: 7, actions: {}, msg: 'the core did not come to rest' }]);
});

it('tells of each load that has ended what it took, and of none that was never sent', () => {
  const lines: unknown[] = [];
  const log = new TurnLog(
    pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }),
  );
  const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10]), ['a']);
  const turn = (events: readonly Event[], actions: readonly Action[]): void =>
    log.turnTaken({ events, actions, now: driver.now, took: 0 });
  driver.resolve('a');
  const load = driver.log.find(({ kind }) => kind === 'load') as ActionOf<'load'>;
  const ended = (kind: 'succeeded' | 'unsent'): Event => {
    const outcome = kind === 'succeeded' ? ({ kind, versions: ['1'] } as const) : ({ kind } as const);
    return { kind: 'LoadEnded', order: load.order, replica: load.replica, outcome };
  };
  turn([], [load]);
  driver.now += 1_432;
  turn([ended('succeeded')], []);
  turn([], [load]);
  turn([ended('unsent'), ended('succeeded')], []);
  expect(lines).toEqual([{ level: 30, model: 'a', server: 't', ms: 1_432, msg: 'a ready on t after 1.4 s' }]);
});
