import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Action } from '../fleet/actions.js';
import { replicaId } from '../fleet/ids.js';
import type { Replica } from '../fleet/replica.js';

const A = aModel('a').id;
const SERVER = aServer('t').id;

/** One copy is ready, and a load is under way that brings a second one up beside it. */
function aChange(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { pinnedCopies: 2, config: '{}' }))
    .serve(aServer('t', [10, 10]), ['a']);
  driver.loadEnds('a', 't');
  expect(driver.isLoading('a', 't')).toBe(true);
  return driver;
}

function learn(driver: CoreDriver, gpus: readonly number[], kind: 'gpu' | 'cpu' = 'gpu'): void {
  const config = { json: '{}', kind, gpus, count: 1 } as const;
  driver.tell({ kind: 'ConfigLearned', server: SERVER, model: A, config, steps: [] });
}

const replicaIn = (driver: CoreDriver): Replica => driver.fleet.replicas.get(replicaId(A, SERVER))!;

const changeIn = (driver: CoreDriver) => {
  const replica = replicaIn(driver);
  return replica.phase === 'ready' ? replica.change : undefined;
};

/** What it books on each account. */
const bookedBy = (driver: CoreDriver): readonly [string, number][] =>
  replicaIn(driver).bookings.map(({ account, bytes }) => [account, bytes]);

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
  it('may still run in place of what serves, while that is on other devices: both are booked, and it stays', () => {
    const driver = aLateLoad();
    learn(driver, [0, 1]);
    expect(changeIn(driver)?.bookings).toHaveLength(2);
    driver.resolve('b');
    driver.pass(100_000);
    expect(driver.orders()).toEqual(['load a@t']);
    driver.pass(300_000);
    expect(driver.orders()).toEqual(['load a@t', 'unload a@t']);
  });

  it('books nothing more until a config shows the model on others', () => {
    expect(changeIn(aLateLoad())).toMatchObject({ devices: [0], bookings: [], answered: false });
  });

  it('leaves no doubt where the server has no other devices', () => {
    expect(changeIn(aLateLoad([10]))).toBeNull();
  });

  it('leaves no doubt where it was onto none of them', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t', [10, 10]), ['a']);
    learn(driver, [], 'cpu');
    driver.resolve('a', { wait: 300 });
    endsUnknown(driver);
    driver.pass(1_000);
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', devices: [], change: null });
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
    expect(changeIn(driver)).toBeNull();
  });

  it('has come true where the config shows the chosen devices, or none', () => {
    const [onChosen, onNone] = [aLateLoad(), aLateLoad()];
    learn(onChosen, [0]);
    expect(changeIn(onChosen)).toBeNull();
    learn(onNone, [], 'cpu');
    expect(changeIn(onNone)).toBeNull();
  });
});

describe('an in-place change', () => {
  it('books what its model takes, also where that is told only while it runs', () => {
    const driver = aChange();
    driver.declare(aModel('a', { pinnedCopies: 2, config: '{}', gpuBytes: 5 }));
    expect(changeIn(driver)?.bookings).toMatchObject([{ bytes: 5 }, { bytes: 5 }, { bytes: 0 }]);
  });

  it('without an answer keeps its bytes while the config shows the old devices', () => {
    const driver = aChange();
    endsUnknown(driver);
    learn(driver, [0]);
    driver.pass(200_000);
    expect(changeIn(driver)?.bookings).toHaveLength(3);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });

  it('without an answer has come true when the config shows the new devices', () => {
    const driver = aChange();
    endsUnknown(driver);
    driver.pass(2_000);
    learn(driver, [0, 1]);
    expect(changeIn(driver)).toBeNull();
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });

  it('without an answer is given up when its time is past, and tried again', () => {
    const driver = aChange();
    endsUnknown(driver);
    driver.pass(365_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t', 'load a@t']);
  });

  it('without an answer is not given up while the load of an ensemble of its model runs, which it may wait behind', () => {
    const driver = aChange();
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [A] });
    endsUnknown(driver);
    driver.shelf('t').set('e', 'LOADING');
    driver.pass(1_000_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
    driver.shelf('t').set('e', 'UNAVAILABLE', 'unloaded');
    driver.pass(340_000);
    expect(changeIn(driver)?.bookings).toHaveLength(3);
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t', 'load a@t']);
  });

  it('that failed gives its part back at the next look, and is tried again after a pause', () => {
    const driver = aChange();
    driver.loadEnds('a', 't', 'transient');
    driver.shelf('t').set('a', 'READY');
    driver.pass(500);
    expect(changeIn(driver)).toBeNull();
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t', 'load a@t']);
  });

  it('that failed is given back only by a look that began after it', () => {
    const driver = aChange();
    driver.now += 100;
    const { order } = changeIn(driver)!;
    const outcome = { kind: 'failed', cause: 'missing' } as const;
    driver.shelf('t').set('a', 'READY');
    driver.tell({ kind: 'LoadEnded', order: order!, replica: replicaIn(driver).id, outcome });
    expect(driver.fleet.servers.get(SERVER)!.lookedAt).toBe(driver.now);
    expect(changeIn(driver)).toMatchObject({ endedAt: driver.now });
    driver.pass(700);
    expect(changeIn(driver)).toBeNull();
  });

  it('is booked on with a model that went missing before it was given back', () => {
    const driver = aChange();
    driver.loadEnds('a', 't', 'missing');
    driver.pass(700);
    expect(driver.phase('a', 't')).toBe('unknown');
    expect(bookedBy(driver)).toEqual([
      ['gpu:t/0', 8],
      ['host:t', 0],
      ['gpu:t/1', 4],
    ]);
  });

  it('that only waits for memory is not booked with a model that goes missing', () => {
    const parts = { config: '{}', gpuBytes: 3 };
    const driver = new CoreDriver()
      .declare(aModel('a', parts), aModel('b', { config: '{}', gpuBytes: 18 }))
      .serve(aServer('t', [10, 20]), ['a', 'b'])
      .warm('a', 't')
      .warm('b', 't');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: false });
    driver.declare(aModel('a', { ...parts, pinnedCopies: 2 }));
    expect(changeIn(driver)).toMatchObject({ order: null });
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(2_000);
    expect(driver.phase('a', 't')).toBe('unknown');
    expect(bookedBy(driver)).toEqual([
      ['gpu:t/0', 3],
      ['host:t', 0],
    ]);
  });

  it('without an answer makes the config be read at each look, until it is settled', () => {
    const driver = aChange();
    endsUnknown(driver);
    learn(driver, [0]);
    driver.pass(1_000);
    const timesRead = (actions: readonly Action[]): number =>
      actions.filter(({ kind }) => kind === 'describe').length;
    const looks = (actions: readonly Action[]): number =>
      actions.filter((action) => action.kind === 'look' && action.scope === 'full').length;
    const meanwhile = driver.pass(5_000);
    expect(timesRead(meanwhile)).toBeGreaterThan(1);
    expect(timesRead(meanwhile)).toBe(looks(meanwhile));
    learn(driver, [0, 1]);
    expect(timesRead(driver.pass(60_000))).toBe(0);
  });

  it('is not crossed by an unload', () => {
    const driver = aChange();
    driver.declare(aModel('a', { config: '{}' }));
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });
});
