import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type Event, type Ready, replicaId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { FlagLog } from './flag-log.js';

it('tells once that a server or a device is odd, and when that is over', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new FlagLog(pino({}, { write }));
  const driver = new CoreDriver().declare(aModel('a', { idleUnload: null })).serve(aServer('s'), ['a']);
  const look = (used: number | null): void => {
    driver.shelf('s').gpus = used === null ? null : [{ uuid: 's-0', memory: 10, used }];
    driver.pass(25_000);
    const seen = { ...driver.shelf('s').look(driver.now, 'full', false) };
    const events: Event[] = [{ kind: 'Looked', server: aServer('s').id, look: seen }];
    for (let turn = 0; turn < 2; turn += 1) {
      log.turnTaken({ events, actions: [], now: driver.now, took: 0 }, driver.fleet);
    }
  };
  look(0);
  driver.warm('a', 's');
  look(1);
  look(9);
  look(null);
  look(1);
  expect(lines).toEqual([
    'server s: device 0 overcommitted, more is held than is left for us; it takes nothing new',
    'server s: device 0 unmeasured, the metrics say nothing of it; the declared sizes are gone by',
    'server s: no longer device 0 overcommitted',
    'server s: no longer device 0 unmeasured',
  ]);
});

it('names once a model that has outlived its unload, and says what helps', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new FlagLog(pino({}, { write }));
  const driver = new CoreDriver()
    .declare(aModel('a'))
    .serve(aServer('s'), ['a'], [{ uuid: 's-0', memory: 10, used: 1 }])
    .warm('a', 's');
  const id = replicaId(aModel('a').id, aServer('s').id);
  const look = (outlived: boolean): void => {
    driver.fleet.replicas.set(id, { ...(driver.fleet.replicas.get(id) as Ready), outlived });
    const seen = driver.shelf('s').look(driver.now, 'full', false);
    const events: Event[] = [{ kind: 'Looked', server: aServer('s').id, look: seen }];
    log.turnTaken({ events, actions: [], now: driver.now, took: 0 }, driver.fleet);
  };
  for (const outlived of [true, true, false]) look(outlived);
  expect(lines).toEqual([
    'server s: hidden_copy, an older copy of a model may live on where no call shows it',
    'server s: model a outlived, its unload was acknowledged and had no effect: load it, then unload it; Berth orders nothing',
    'server s: no longer hidden_copy',
    'server s: no longer model a outlived',
  ]);
});

it('says how many executions of a model failed where many did, once', () => {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const log = new FlagLog(pino({}, { write }));
  const gpus = [{ uuid: 's-0', memory: 10, used: 1 }];
  const driver = new CoreDriver()
    .declare(aModel('a', { idleUnload: null }))
    .serve(aServer('s'), ['a'], gpus)
    .warm('a', 's');
  const look = (succeeded: number, failed: number): void => {
    driver.shelf('s').served.set(aModel('a').id, { succeeded, failed, lastInference: succeeded });
    driver.pass(2_500);
    const seen = driver.shelf('s').look(driver.now, 'full', false);
    const events: Event[] = [{ kind: 'Looked', server: aServer('s').id, look: seen }];
    log.turnTaken({ events, actions: [], now: driver.now, took: 0 }, driver.fleet);
  };
  look(0, 0);
  look(20, 21);
  look(21, 22);
  driver.pass(30_000);
  look(22, 22);
  expect(lines).toEqual([
    'server s: failing_model, a model that Triton calls ready fails, always or often',
    'server s: model a fails, 21 of 41 executions within 30 s failed, or their callers gave up in its queue',
    'server s: no longer failing_model',
    'server s: no longer model a fails',
  ]);
});
