import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model } from '../fleet/model.js';
import { loadForecast, restOfLoad } from './load-forecast.js';
import { replicaId, type ModelId, type ServerId } from '../fleet/ids.js';

const GIB = 2 ** 30;
const [A, B] = ['a', 'b'] as ModelId[] as [ModelId, ModelId];
const [FAST, SLOW] = ['fast', 'slow'] as ServerId[] as [ServerId, ServerId];

/** Two servers with a GPU of 100 GiB each. */
function two(a: Partial<Model> = {}, b: Partial<Model> = {}): CoreDriver {
  return new CoreDriver()
    .declare(
      aModel('a', { gpuBytes: 6 * GIB, maxCopies: 2, ...a }),
      aModel('b', { gpuBytes: 18 * GIB, ...b }),
    )
    .serve(aServer(FAST, [100 * GIB]), ['a', 'b', 's'])
    .serve(aServer(SLOW, [100 * GIB]), ['a', 'b', 's']);
}

/** A model is loaded on a server, which takes so long, and goes again. */
function load(driver: CoreDriver, model: string, server: ServerId, took: number): CoreDriver {
  const other = server === FAST ? SLOW : FAST;
  driver.tell({ kind: 'DrainOrdered', server: other, deadline: null });
  driver.resolve(model, { lease: 0 });
  driver.pass(took);
  driver.loadEnds(model, server);
  driver.tell({ kind: 'UnloadOrdered', model: model as ModelId, force: true });
  driver.pass(10_000);
  driver.tell({ kind: 'DrainEnded', server: other });
  return driver;
}

const p50 = ({ fleet }: CoreDriver, model: ModelId, server: ServerId | null): number =>
  loadForecast(fleet, model, server).p50;

describe('how long a load should take', () => {
  it('is 10 s, and rarely more than 15, before anything was loaded anywhere', () => {
    expect(loadForecast(two().fleet, A, FAST)).toEqual({ p50: 10_000, p90: 15_000 });
    expect(loadForecast(two().fleet, A, null)).toEqual({ p50: 10_000, p90: 15_000 });
  });

  it('is told of each server by its own loads, once there were four', () => {
    const driver = load(load(two(), 'a', FAST, 2_000), 'a', SLOW, 8_000);
    expect([p50(driver, A, FAST), p50(driver, A, SLOW), p50(driver, A, null)]).toEqual([4_000, 4_000, 4_000]);
    for (let more = 0; more < 3; more += 1) load(load(driver, 'a', FAST, 2_000), 'a', SLOW, 8_000);
    expect([p50(driver, A, FAST), p50(driver, A, SLOW), p50(driver, A, null)]).toEqual([2_000, 8_000, 4_000]);
  });

  it('varies after one load as loads of other models were seen to vary, and at first by half', () => {
    const once = load(two(), 'a', FAST, 2_000);
    expect(loadForecast(once.fleet, A, FAST)).toEqual({ p50: 2_000, p90: 3_000 });
    const steady = two();
    for (let loads = 0; loads < 20; loads += 1) load(steady, 'a', FAST, 2_000);
    load(steady, 'b', FAST, 5_000);
    expect(loadForecast(steady.fleet, B, FAST).p90).toBeLessThan(5_100);
  });

  it('is told by size of what was never loaded: by the pace of the server, or of all', () => {
    const driver = load(load(two(), 'a', FAST, 2_000), 'a', FAST, 2_000);
    expect([p50(driver, B, FAST), p50(driver, B, SLOW), p50(driver, B, null)]).toEqual([5_000, 5_000, 5_000]);
    load(load(driver, 'a', SLOW, 8_000), 'a', SLOW, 8_000);
    expect([p50(driver, B, FAST), p50(driver, B, SLOW), p50(driver, B, null)]).toEqual([
      5_000, 20_000, 10_000,
    ]);
  });

  it('is of an ensemble that of its steps together, and their loads tell nothing of their size', () => {
    const driver = two({}, { gpuDeclared: false, hostDeclared: false }).declare(
      aModel('s', { gpuBytes: 14 * GIB }),
    );
    driver.tell({ kind: 'StepsRemembered', model: B, steps: [A, 's' as ModelId] });
    load(driver, 'a', FAST, 2_000);
    expect(p50(driver, B, FAST)).toBe(5_500);
    const pace = driver.fleet.servers.get(FAST)!.loadPace;
    load(driver, 'b', FAST, 9_000);
    expect(p50(driver, B, FAST)).toBe(9_000);
    expect(driver.fleet.servers.get(FAST)!.loadPace).toEqual(pace);
  });

  it('is never more than its timeout', () => {
    const driver = two({ loadTimeout: 12_000 });
    expect(loadForecast(driver.fleet, A, FAST)).toEqual({ p50: 10_000, p90: 12_000 });
  });

  it('is known only by loads that succeeded', () => {
    const driver = two();
    driver.resolve('a');
    driver.pass(3_000);
    driver.loadEnds('a', FAST, 'transient');
    expect([driver.fleet.loadTimes.size, driver.fleet.servers.get(FAST)!.loadPace]).toEqual([0, null]);
  });
});

describe('how much longer a load should take', () => {
  const rest = (driver: CoreDriver, model = A): number =>
    restOfLoad(driver.fleet, driver.fleet.replicas.get(replicaId(model, FAST))!, new Now(driver.now)).p50;

  it('is what is left of it, then an eighth of what it took, and nothing beyond its timeout', () => {
    const driver = two({ loadTimeout: 60_000 });
    driver.resolve('a', { wait: 600_000 });
    driver.pass(4_000);
    expect(rest(driver)).toBe(6_000);
    driver.pass(36_000);
    expect(rest(driver)).toBe(5_000);
    driver.pass(19_000);
    expect(rest(driver)).toBe(1_000);
    driver.pass(2_000);
    expect(rest(driver)).toBe(0);
  });

  it('is of a step that is brought along that of what brings it', () => {
    const driver = two({}, { gpuDeclared: false, hostDeclared: false })
      .loadsTake('b', 30_000)
      .loadsTake('a', 1_000);
    driver.tell({ kind: 'StepsRemembered', model: B, steps: [A] });
    driver.resolve('b');
    driver.pass(10_000);
    expect([rest(driver, B), rest(driver, A)]).toEqual([20_000, 20_000]);
  });

  it('is all of one that is only placed, however long that was so', () => {
    const driver = two({}, { gpuBytes: 100 * GIB })
      .loadsTake('a', 10_000)
      .loadsTake('b', 1_000);
    driver.tell({ kind: 'DrainOrdered', server: SLOW, deadline: null });
    driver.warm('b', FAST);
    driver.resolve('a');
    driver.pass(5_000);
    expect(driver.phase('a', FAST)).toBe('placed');
    expect(rest(driver)).toBe(10_000);
  });
});

describe('what was learned of loads', () => {
  const sizes = ({ fleet }: CoreDriver): number[] => [
    fleet.loadTimes.size,
    ...Array.from(fleet.servers.values(), ({ loadTimes }) => loadTimes.size),
  ];

  it('goes with the model', () => {
    const driver = load(load(two(), 'a', FAST, 2_000), 'a', SLOW, 8_000);
    expect(sizes(driver)).toEqual([1, 1, 1]);
    for (const server of [FAST, SLOW])
      driver.tell({ kind: 'ServerDeclared', server: { ...aServer(server, [100 * GIB]), discover: false } });
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    expect(sizes(driver)).toEqual([0, 0, 0]);
  });

  it('is not taken up of a model that was withdrawn meanwhile', () => {
    const driver = new CoreDriver().declare(aModel('a')).serve({ ...aServer(FAST), discover: false }, ['a']);
    driver.resolve('a');
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    driver.loadEnds('a', FAST);
    expect(sizes(driver)).toEqual([0, 0]);
  });

  it('on a server goes with that, and what was learned of the model stays', () => {
    const driver = load(load(load(two(), 'a', FAST, 2_000), 'a', SLOW, 8_000), 'a', SLOW, 8_000);
    const before = p50(driver, A, null);
    driver.tell({ kind: 'ServerWithdrawn', server: SLOW });
    driver.serve(aServer(SLOW, [100 * GIB]), ['a', 'b']);
    expect([p50(driver, A, SLOW), p50(driver, B, SLOW)]).toEqual([before, 5_000]);
  });
});
