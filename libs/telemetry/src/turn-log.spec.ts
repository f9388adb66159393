import { expect, it } from '@jest/globals';
import { pino } from 'pino';
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
    { level: 30, events: {}, actions: { load: 2, unload: 1 }, ms: 0, msg: 'turn' },
  ]);
});
