import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ActionOf, LearnedConfig, Model, ModelId, ServerId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { fitPins } from '../room/fit-pins.js';
import { replicaId } from '../fleet/ids.js';
import { memoryOf, unsatisfiedPins } from '../explain/view.js';

const BIG = 'big' as ModelId;
const S = 's' as ServerId;

const spread = (deviceSets: Model['deviceSets'], parts: Partial<Model> = {}): Model =>
  aModel('big', { gpuBytes: 6, deviceSets, ...parts });

const aDriver = (model: Model, gpus: readonly number[] = [10, 10, 10, 10]): CoreDriver =>
  new CoreDriver()
    .declare(model, aModel('a', { gpuBytes: 5, config: '{}' }))
    .serve(aServer('s', gpus), ['big', 'a']);

const heldOn = (driver: CoreDriver): number[] => {
  const memory = memoryOf(driver.fleet);
  return driver.fleet.servers.get(S)!.devices!.map(({ account }) => memory(account).held);
};

const learn = (driver: CoreDriver, config: Partial<LearnedConfig>): void =>
  void driver.tell({
    kind: 'ConfigLearned',
    server: S,
    model: BIG,
    config: { json: '{}', kind: 'model', gpus: [], count: 1, ...config },
    steps: [],
  });

describe('a copy that its backend spreads over devices', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = aDriver(spread([[1, 2]]));
  });

  it('is booked on each device of the set, and loaded as its files say', () => {
    driver.warm('big', 's');
    expect(heldOn(driver)).toEqual([0, 6, 6, 0]);
    expect((driver.log[0] as ActionOf<'load'>).config).toBe(null);
  });

  it('leaves its files alone also where a config is declared or was learned', () => {
    driver = aDriver(spread([[1, 2]], { config: '{"max_batch_size": 8}' }));
    driver.warm('big', 's');
    expect((driver.log[0] as ActionOf<'load'>).config).toBe(null);
  });

  it('stays booked there whatever its config says of it', () => {
    driver.warm('big', 's');
    for (const kind of ['model', 'cpu'] as const) {
      learn(driver, { kind });
      expect(heldOn(driver)).toEqual([0, 6, 6, 0]);
    }
  });

  it('is booked besides where its config puts it, should that be elsewhere', () => {
    driver.warm('big', 's');
    learn(driver, { kind: 'gpu', gpus: [3] });
    expect(heldOn(driver)).toEqual([0, 6, 6, 6]);
  });

  it('is booked on every set that its server has, since only the backend knows which it takes', () => {
    driver = aDriver(
      spread([
        [0, 1],
        [2, 3],
        [4, 5],
      ]),
    );
    driver.warm('big', 's');
    expect(heldOn(driver)).toEqual([6, 6, 6, 6]);
  });

  it('leaves the other devices to others', () => {
    driver.warm('big', 's').warm('a', 's');
    expect(heldOn(driver)).toEqual([5, 6, 6, 0]);
  });

  it('makes all copies leave that are in the way on one of its devices', () => {
    driver = aDriver(spread([[0, 1]]), [10, 10]);
    driver.warm('a', 's').pass(11_000);
    driver.resolve('big');
    driver.pass(1_000);
    driver.loadEnds('big', 's');
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load big@s']);
  });

  it('is one copy, and two need two servers', () => {
    const pinned = spread([[1, 2]], { pinnedCopies: 2 });
    driver = aDriver(pinned);
    driver.loadEnds('big', 's');
    expect(unsatisfiedPins(driver.fleet)).toEqual([BIG]);
    expect(fitPins(driver.fleet, [pinned]).fits).toBe(false);
    driver.serve(aServer('t', [10, 10, 10]), ['big']);
    expect(fitPins(driver.fleet, [pinned]).fits).toBe(true);
    driver.loadEnds('big', 't');
    expect(unsatisfiedPins(driver.fleet)).toEqual([]);
  });

  it('is booked on its set where another client had loaded it', () => {
    driver.shelf('s').set('big', 'READY');
    driver.pass(11_000);
    expect(heldOn(driver)).toEqual([0, 6, 6, 0]);
  });

  it('is booked anew where another set is declared', () => {
    driver.warm('big', 's').declare(spread([[0, 3]]));
    expect(heldOn(driver)).toEqual([6, 0, 0, 6]);
    expect(driver.fleet.replicas.get(replicaId(BIG, S))?.devices).toEqual([0, 3]);
  });

  it.each([
    ['no_device_set', [[3, 4]], [10, 10, 10, 10]],
    ['too_small', [[0, 1]], [10, 5]],
  ])('is refused as infeasible: %s', (detail, sets, gpus) => {
    driver = aDriver(spread(sets), gpus);
    const request = driver.resolve('big');
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'infeasible', detail });
  });

  it('is waited for by what needs it, and that is infeasible where it is', () => {
    driver.declare(aModel('top', { dependsOn: [BIG], gpuBytes: 1 }));
    driver.shelf('s').set('top', '');
    driver.pass(11_000);
    driver.resolve('top');
    driver.loadEnds('big', 's');
    driver.loadEnds('top', 's');
    expect(heldOn(driver)).toEqual([1, 7, 7, 1]);
    driver = aDriver(spread([[7, 8]])).declare(aModel('top', { dependsOn: [BIG], gpuBytes: 1 }));
    driver.shelf('s').set('top', '');
    driver.pass(11_000);
    expect(driver.refusalOf(driver.resolve('top'))).toMatchObject({ detail: 'no_device_set' });
  });
});
