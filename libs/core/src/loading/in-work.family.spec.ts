import { describe, expect, it } from '@jest/globals';
import {
  aModel,
  aPendingModel,
  aRequest,
  aServer,
  CoreDriver,
} from '../../../../test/support/core-driver.js';
import type { ModelId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';

const T = aServer('t').id;

/** A server with room and slots for all; `e` is made of `v` and `b`, and `f` of `b`. */
function aDriver(parts: Partial<Model> = {}): CoreDriver {
  const small = { gpuBytes: 1, hostBytes: 0, ...parts };
  const models = ['v', 'b', 'e', 'f', 'other', 'more', 'third'];
  const driver = new CoreDriver()
    .declare(...models.map((id) => aModel(id, small)))
    .serve(aServer('t', [20]), models);
  const limits = { ...driver.fleet.limits, loadsPerServer: 2, loadsPerDevice: 4 };
  driver.tell(
    { kind: 'LimitsSet', limits, defaults: driver.fleet.defaults },
    { kind: 'StepsRemembered', model: 'e' as ModelId, steps: ['v', 'b'] as ModelId[] },
    { kind: 'StepsRemembered', model: 'f' as ModelId, steps: ['b' as ModelId] },
  );
  for (const id of models) tellConfig(driver, id);
  return driver;
}

/** Its config was told before, so that nothing waits to hear what it is made of. */
function tellConfig(driver: CoreDriver, model: string): void {
  const config = { json: '{}', kind: 'gpu', gpus: [0], count: 1 } as const;
  const steps = driver.fleet.steps.get(model as ModelId) ?? [];
  driver.tell({ kind: 'ConfigLearned', server: T, model: model as ModelId, config, steps });
}

const unload = (driver: CoreDriver, ...models: string[]): void =>
  void driver.tell(
    ...models.map((model) => ({ kind: 'UnloadOrdered', model: model as ModelId, force: true }) as const),
  );

describe('an order about a model', () => {
  it('waits for the load of what shares an ensemble with it, and others do not', () => {
    const driver = aDriver();
    driver.resolve('v');
    driver.resolve('f');
    driver.resolve('other');
    expect(driver.orders()).toEqual(['load v@t', 'load other@t']);
    driver.loadEnds('v', 't');
    expect(driver.orders().slice(2)).toEqual(['load f@t']);
  });

  it('waits for its unload, until that is seen done', () => {
    const driver = aDriver().warm('v', 't');
    driver.unloadsEnd = false;
    unload(driver, 'v');
    driver.resolve('f');
    driver.pass(3_000);
    expect(driver.orders().slice(1)).toEqual(['unload v@t']);
    driver.shelf('t').set('v', 'UNAVAILABLE', 'unloaded');
    driver.pass(600);
    expect(driver.orders().slice(1)).toEqual(['unload v@t', 'load f@t']);
  });

  it('waits no longer once that counts as stuck', () => {
    const driver = aDriver().warm('v', 't');
    driver.unloadsEnd = false;
    unload(driver, 'v');
    const { stuckAfter } = driver.fleet.limits;
    driver.resolve('f', { wait: 2 * stuckAfter });
    driver.pass(stuckAfter - 2);
    expect(driver.orders().slice(1)).toEqual(['unload v@t']);
    driver.pass(1);
    expect(driver.orders().slice(1)).toEqual(['unload v@t', 'load f@t']);
  });

  it('to unload it waits for a load, and goes before what got its place later', () => {
    const driver = aDriver().warm('v', 't');
    driver.pass(60_000);
    driver.resolve('b');
    unload(driver, 'v');
    driver.pass(100);
    driver.resolve('f');
    expect([driver.phase('v', 't'), driver.orders().at(-1)]).toEqual(['draining', 'load b@t']);
    driver.unloadsEnd = false;
    driver.loadEnds('b', 't');
    expect([driver.phase('f', 't'), driver.orders().at(-1)]).toEqual(['placed', 'unload v@t']);
  });
});

describe('a load that was to begin soon', () => {
  it('keeps no slot from the moment in which the unload of one of its family is ordered', () => {
    const driver = aDriver().declare(aModel('third', { gpuBytes: 12 }), aModel('v', { gpuBytes: 12 }));
    const limits = { ...driver.fleet.limits, loadsPerDevice: 1 };
    driver.tell({ kind: 'LimitsSet', limits, defaults: driver.fleet.defaults });
    driver.warm('third', 't').warm('b', 't').loadsTake('other', 10_000);
    driver.pass(60_000);
    driver.unloadsEnd = false;
    driver.resolve('v', { wait: 300_000 });
    driver.pass(100);
    driver.resolve('b', { lease: 500 });
    driver.tell({ kind: 'UnloadOrdered', model: 'b' as ModelId, force: false });
    driver.resolve('other', { wait: 300_000 });
    expect([driver.phase('v', 't'), driver.phase('b', 't')]).toEqual(['placed', 'draining']);
    expect(driver.orders().slice(2)).toEqual(['unload third@t']);
    driver.pass(600);
    expect(driver.orders().slice(3)).toEqual(['unload b@t', 'load other@t']);
  });
});

describe('a load of a model of which nobody knows what it is made of', () => {
  /** `new` loads, and `also`, which is as new, has its place. */
  function twoNew(): CoreDriver {
    const small = { gpuBytes: 1, hostBytes: 0 };
    const driver = new CoreDriver()
      .declare(...['new', 'also'].map((id) => aPendingModel(id, small)), aModel('known', small))
      .serve(aServer('t', [20]), ['new', 'also', 'known']);
    const limits = { ...driver.fleet.limits, loadsPerServer: 2, loadsPerDevice: 4 };
    driver.tell({ kind: 'LimitsSet', limits, defaults: driver.fleet.defaults });
    for (const model of ['new', 'also', 'known']) driver.resolve(model, { wait: 300_000 });
    return driver;
  }

  it('begins beside that of a known one, and not beside another such load', () => {
    const driver = twoNew();
    expect(driver.orders()).toEqual(['load new@t', 'load known@t']);
    driver.loadEnds('known', 't');
    driver.loadEnds('new', 't');
    expect(driver.orders().slice(2)).toEqual([]);
    tellConfig(driver, 'new');
    expect(driver.orders().slice(2)).toEqual(['load also@t']);
  });

  it('begins once the one before is overdue', () => {
    const driver = twoNew();
    driver.loadEnds('known', 't');
    driver.loadEnds('new', 't', 'unknown');
    driver.pass(59_000);
    expect(driver.orders().slice(2)).toEqual([]);
    driver.pass(1_000);
    expect(driver.orders().slice(2)).toEqual(['load also@t']);
  });

  it('is of no pending config where it was loaded once, on any server', () => {
    const driver = twoNew();
    driver.tell({ kind: 'StepsRemembered', model: 'also' as ModelId, steps: [] });
    driver.loadEnds('known', 't');
    expect(driver.orders().slice(2)).toEqual(['load also@t']);
  });

  it('begins after what has drained since before it got its place', () => {
    const driver = twoNew();
    driver.loadEnds('known', 't');
    driver.unloadsEnd = false;
    unload(driver, 'known');
    driver.loadEnds('new', 't');
    driver.tell({ kind: 'RequestArrived', request: aRequest('late', 'also', driver.now) });
    tellConfig(driver, 'new');
    expect(driver.orders().slice(2)).toEqual(['unload known@t', 'load also@t']);
  });
});

describe('unloads', () => {
  const three = (): CoreDriver => {
    const driver = aDriver().warm('other', 't').warm('more', 't').warm('third', 't');
    driver.unloadsEnd = false;
    unload(driver, 'other', 'more', 'third');
    return driver;
  };

  it('are as many at once on a server as loads may be, and the others wait until one is seen gone', () => {
    const driver = three();
    driver.pass(5_000);
    expect(driver.orders().slice(3)).toEqual(['unload other@t', 'unload more@t']);
    expect(driver.phase('third', 't')).toBe('draining');
    driver.shelf('t').set('more', 'UNAVAILABLE', 'unloaded');
    driver.pass(600);
    expect(driver.orders().slice(3)).toEqual(['unload other@t', 'unload more@t', 'unload third@t']);
  });

  it('that are stuck keep no others waiting', () => {
    const driver = three();
    driver.pass(driver.fleet.limits.stuckAfter);
    expect(driver.orders().slice(3)).toEqual(['unload other@t', 'unload more@t', 'unload third@t']);
  });
});
