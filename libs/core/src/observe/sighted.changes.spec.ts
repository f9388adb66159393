import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import type { Replica } from '../fleet/replica.js';
import { serverFlags } from '../explain/view.js';

const A = aModel('a').id;
const SERVER = aServer('t').id;

function learn(driver: CoreDriver, gpus: readonly number[], kind: 'gpu' | 'cpu' = 'gpu'): void {
  const config = { json: '{}', kind, gpus, count: 1 } as const;
  driver.tell({ kind: 'ConfigLearned', server: SERVER, model: A, config, steps: [] });
}

const replicaIn = (driver: CoreDriver): Replica => driver.fleet.replicas.get(replicaId(A, SERVER))!;

const serverIn = (driver: CoreDriver) => driver.fleet.servers.get(SERVER)!;

/** What a load of ours may take still of each account, beside what serves. */
const mayTake = (driver: CoreDriver): readonly string[] =>
  serverIn(driver).hidden.flatMap(({ bookings }) =>
    bookings.map(({ account, bytes }) => `${account} ${bytes}`),
  );

function endsUnknown(driver: CoreDriver): void {
  driver.loadEnds('a', 't', 'unknown');
  driver.shelf('t').set('a', 'READY');
}

/** A load is under way onto the first of some devices. */
function aLoad(gpus = [10, 10]): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { config: '{}', gpuBytes: 6 }), aModel('b', { config: '{}', gpuBytes: 6 }))
    .serve(aServer('t', gpus), ['a', 'b']);
  driver.resolve('a', { wait: 300 });
  return driver;
}

/** A load onto one of two devices ran out of time, and the model serves: another client may have loaded that. */
function aLateLoad(gpus?: number[]): CoreDriver {
  const driver = aLoad(gpus);
  endsUnknown(driver);
  driver.pass(1_000);
  expect(driver.phase('a', 't')).toBe('ready');
  return driver;
}

describe('a load without an answer onto chosen devices', () => {
  it('may still run in place of what serves, while that is on other devices: its memory is kept until it is stuck', () => {
    const driver = aLateLoad([10, 10, 10]);
    learn(driver, [1, 2]);
    expect([replicaIn(driver).devices, mayTake(driver)]).toEqual([
      [1, 2],
      ['gpu:t/0 6', 'host:t 0'],
    ]);
    driver.pass(driver.fleet.limits.stuckAfter - 2_000);
    expect(mayTake(driver)).toHaveLength(2);
    driver.pass(15_000);
    expect(mayTake(driver)).toEqual([]);
  });

  it('is kept no longer once it has come, which the config is read at each look for', () => {
    const driver = aLateLoad();
    learn(driver, [1]);
    const reads = driver.pass(25_000).filter(({ kind }) => kind === 'describe');
    expect(reads.length).toBeGreaterThan(1);
    learn(driver, [0]);
    expect([replicaIn(driver).devices, mayTake(driver)]).toEqual([[0], []]);
    expect(driver.pass(60_000).filter(({ kind }) => kind === 'describe')).toEqual([]);
  });

  it('keeps nothing more until a config shows the model on others', () => {
    const driver = aLateLoad();
    expect([replicaIn(driver).devices, mayTake(driver)]).toEqual([[0], []]);
    expect(serverFlags(driver.fleet, serverIn(driver), new Now(driver.now))).not.toContain('hidden_copy');
  });

  it('leaves no doubt where the server has no other devices', () => {
    const driver = aLateLoad([10]);
    learn(driver, [0]);
    expect(mayTake(driver)).toEqual([]);
  });

  it('leaves no doubt where it was onto none of them', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10, 10]), ['a']);
    learn(driver, [], 'cpu');
    driver.resolve('a', { wait: 300 });
    endsUnknown(driver);
    driver.pass(1_000);
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', devices: [] });
  });

  it.each([
    ['where Triton was seen to let the model go since', 'unknown', 'UNLOADING'],
    ['where it failed: what comes later is another one', 'missing', 'LOADING'],
  ] as const)('cannot come any more %s', (_, outcome, seen) => {
    const driver = aLoad();
    driver.loadEnds('a', 't', outcome);
    driver.shelf('t').set('a', seen);
    driver.pass(1_000);
    driver.shelf('t').set('a', 'READY');
    driver.pass(1_000);
    learn(driver, [1]);
    expect(mayTake(driver)).toEqual([]);
  });

  it('has come true where the config shows the chosen devices, or none', () => {
    const [onChosen, onNone] = [aLateLoad(), aLateLoad()];
    learn(onChosen, [0]);
    expect([replicaIn(onChosen), mayTake(onChosen)]).toMatchObject([{ devices: [0] }, []]);
    learn(onNone, [], 'cpu');
    expect(mayTake(onNone)).toEqual([]);
  });
});
