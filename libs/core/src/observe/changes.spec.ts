import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../ids.js';

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

const changeIn = (driver: CoreDriver) => {
  const replica = driver.fleet.replicas.get(replicaId(A, SERVER));
  return replica?.phase === 'ready' ? replica.change : undefined;
};

function endsUnknown(driver: CoreDriver): void {
  driver.loadEnds('a', 't', 'unknown');
  driver.shelf('t').set('a', 'READY');
}

/** A load onto one of two devices ran out of time, and the model serves: this may be what somebody else loaded. */
function aLateLoad(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { config: '{}', gpuBytes: 6 }), aModel('b', { config: '{}', gpuBytes: 6 }))
    .serve(aServer('t', [10, 10]), ['a', 'b']);
  driver.resolve('a', { wait: 300 });
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

  it('that failed gives its part back at the next look, and is tried again after a pause', () => {
    const driver = aChange();
    driver.loadEnds('a', 't', 'capacity');
    driver.shelf('t').set('a', 'READY');
    driver.pass(700);
    expect(changeIn(driver)).toBeNull();
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@t', 'load a@t', 'load a@t']);
  });

  it('is not crossed by an unload', () => {
    const driver = aChange();
    driver.declare(aModel('a', { config: '{}' }));
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    expect(driver.orders()).toEqual(['load a@t', 'load a@t']);
  });
});
