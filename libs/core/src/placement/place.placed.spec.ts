import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId, type RequestId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';

const A = aModel('a').id;
const Q = aModel('q').id;
const T = aServer('t').id;
const U = aServer('u').id;
const LARGE = { gpuBytes: 8 };

/** `b` is leaving the server `t` and takes its time; what is placed there waits for its memory. */
function leaving(gpus: readonly number[], ...models: Model[]): CoreDriver {
  const names = models.map(({ id }) => id);
  const driver = new CoreDriver()
    .declare(aModel('b', LARGE), ...models)
    .serve(aServer('t', gpus), ['b', ...names])
    .warm('b', 't');
  driver.unloadsEnd = false;
  driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: true });
  return driver;
}

describe('a newcomer goes', () => {
  it('where it leaves the smallest gap', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [20]), ['a'])
      .serve(aServer('u', [6]), ['a'])
      .serve(aServer('v', [10]), ['a']);
    driver.resolve('a');
    expect(driver.orders()).toEqual(['load a@u']);
  });

  it('where memory is free rather than where it is still being left, though the gap is larger', () => {
    const driver = leaving([8], aModel('a')).serve(aServer('u', [20]), ['a']);
    driver.resolve('a');
    expect(driver.orders().at(-1)).toBe('load a@u');
  });

  it('to a server of its own for each copy before a second one joins the first', () => {
    const driver = new CoreDriver()
      .serve(aServer('t', [10, 10]), ['a'])
      .serve(aServer('u', [100]), ['a'])
      .declare(aModel('a', { config: '{}', pinnedCopies: 2 }));
    expect(new Set(driver.orders())).toEqual(new Set(['load a@t', 'load a@u']));
  });

  it('elsewhere at once where its load has failed', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'))
      .serve(aServer('t', [10]), ['a'])
      .serve(aServer('u', [20]), ['a']);
    driver.resolve('a');
    driver.loadEnds('a', 't', 'transient');
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });

  it('elsewhere where the load of what it needs has failed', () => {
    const driver = new CoreDriver()
      .declare(aModel('q'), aModel('a', { dependsOn: [Q] }))
      .serve(aServer('t', [10]), ['a', 'q'])
      .serve(aServer('u', [20]), ['a', 'q']);
    driver.resolve('a');
    driver.loadEnds('q', 't', 'transient');
    expect(driver.orders()).toEqual(['load q@t', 'load q@u']);
  });
});

describe('a place whose memory is still being left', () => {
  const waits = (driver: CoreDriver): string => {
    const request = driver.resolve('a');
    expect(driver.phase('a', 't')).toBe('placed');
    return request;
  };

  it('is given up for one elsewhere when its server is lost', () => {
    const driver = leaving([10], aModel('a', LARGE));
    waits(driver);
    driver.serve(aServer('u', [10]), ['a']);
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'ended' });
    expect(driver.orders().at(-1)).toBe('load a@u');
  });

  it('is given up for one elsewhere when its server is drained', () => {
    const driver = leaving([10], aModel('a', LARGE));
    waits(driver);
    driver.serve(aServer('u', [10]), ['a']);
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: null });
    expect(driver.orders().at(-1)).toBe('load a@u');
  });

  it('is given up when no request waits for it any more', () => {
    const driver = leaving([10], aModel('a', LARGE));
    const request = waits(driver);
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('is kept for an order of an admin as long as that stands', () => {
    const driver = leaving([10], aModel('a', LARGE));
    driver.tell({ kind: 'LoadOrdered', model: A, until: driver.now + 30_000 });
    driver.pass(29_000);
    expect(driver.phase('a', 't')).toBe('placed');
    driver.pass(1_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('is kept for a pin until that is taken back', () => {
    const driver = leaving([10], aModel('a', LARGE));
    driver.declare(aModel('a', { ...LARGE, pinnedCopies: 1 }));
    driver.pass(10_000);
    expect(driver.phase('a', 't')).toBe('placed');
    driver.declare(aModel('a', LARGE));
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('is kept for what a draining server is to be rid of, until the drain is over', () => {
    const driver = leaving([10], aModel('a', LARGE)).serve(aServer('u', [8]), ['a']);
    driver.warm('a', 'u');
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: null });
    driver.pass(5_000);
    expect(driver.phase('a', 't')).toBe('placed');
    driver.tell({ kind: 'DrainEnded', server: U });
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('goes with what a drain has cut, before a copy is evicted for what waits', () => {
    const driver = leaving([14], aModel('a', LARGE), aModel('c', { minResidency: 10_000 }), aModel('x'));
    driver
      .warm('c', 't')
      .serve(aServer('u', [8]), ['a'])
      .warm('a', 'u');
    const { since } = driver.fleet.replicas.get(replicaId(aModel('c').id, T))!;
    driver.tell({ kind: 'DrainOrdered', server: U, deadline: since + 10_000 });
    driver.pass(5_000);
    driver.resolve('x');
    driver.pass(since + 9_999 - driver.now);
    expect(driver.phase('a', 't')).toBe('placed');
    driver.pass(1);
    expect([driver.phase('a', 't'), driver.phase('x', 't')]).toEqual([undefined, 'placed']);
    expect(driver.phase('c', 't')).toBe('ready');
  });

  it('is kept for what needs it, and goes with that', () => {
    const driver = leaving([10], aModel('q'), aModel('a', { dependsOn: [Q] }));
    const phases = () => (['q', 'a'] as const).map((model) => driver.phase(model, 't'));
    const request = waits(driver);
    driver.pass(5_000);
    expect(phases()).toEqual(['placed', 'placed']);
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect(phases()).toEqual([undefined, undefined]);
  });

  it('is kept for another that a request waits for, though the first request has gone', () => {
    const driver = leaving([10], aModel('q'), aModel('a', { dependsOn: [Q] }));
    const request = waits(driver);
    driver.resolve('q');
    driver.tell({ kind: 'RequestCancelled', request: request as RequestId });
    expect([driver.phase('q', 't'), driver.phase('a', 't')]).toEqual(['placed', undefined]);
  });
});

describe('a copy that is to come back with one more', () => {
  const copies = (pinnedCopies: number): Model => aModel('a', { config: '{}', pinnedCopies });
  const anew = ({ fleet }: CoreDriver) => [...fleet.reloads.values()].map(({ devices }) => devices);

  /** It waits until `b` has left the other device. */
  function waiting(): CoreDriver {
    const driver = new CoreDriver()
      .declare(copies(1), aModel('b', { config: '{}', gpuBytes: 18 }))
      .serve(aServer('t', [10, 20]), ['a', 'b']);
    driver.loadEnds('a', 't');
    driver.warm('b', 't');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('b').id, force: false });
    driver.declare(copies(2));
    expect([driver.phase('a', 't'), anew(driver)]).toEqual(['ready', [[0, 1]]]);
    return driver;
  }

  it('stays when fewer are pinned', () => {
    const driver = waiting();
    driver.declare(copies(1));
    expect([driver.phase('a', 't'), anew(driver)]).toEqual(['ready', []]);
  });

  it('leaves for good when its model is disabled', () => {
    const driver = waiting();
    driver.declare({ ...copies(2), enabled: false });
    expect(driver.orders().filter((order) => order.includes('a@'))).toEqual(['load a@t', 'unload a@t']);
    expect(anew(driver)).toEqual([]);
  });

  it('stays when its model is withdrawn', () => {
    const driver = waiting();
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    expect(anew(driver)).toEqual([]);
  });
});
