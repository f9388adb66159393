import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Model, ModelId } from '../index.js';

const A = 'a' as ModelId;
const MANY = aModel('a', { maxCopies: 3, idleUnload: null, class: 'default' });
const MINUTE = 60_000;

/** A model with one copy that is ready, on the first of some servers. */
function aDriver(parts: Partial<Model> = {}, servers = ['t', 'u', 'v']): CoreDriver {
  const driver = new CoreDriver().declare({ ...MANY, ...parts });
  for (const server of servers) driver.serve(aServer(server), ['a', 'x', 'y']);
  return driver.warm('a', servers[0]!);
}

/** So many requests stand in the queue of a model on a server, and so many a second are served there. */
class Load {
  private served = 0;

  constructor(
    private readonly driver: CoreDriver,
    private readonly server = 't',
  ) {}

  /** A second after the other. */
  lasts(millis: number, { queue, rate = 0 }: { queue: number; rate?: number }): void {
    const shelf = this.driver.shelf(this.server);
    for (let passed = 0; passed < millis; passed += 1_000) {
      this.served += rate;
      shelf.pending.set(A, queue);
      shelf.served.set(A, { succeeded: this.served, failed: 0, lastInference: this.served });
      this.driver.pass(1_000);
    }
  }
}

/** A model with two copies, the second by demand: each can serve 10 requests a second. */
function twoCopies(parts: Partial<Model> = {}): { driver: CoreDriver; load: Load } {
  const driver = aDriver(parts);
  const load = new Load(driver);
  load.lasts(12_000, { queue: 20, rate: 10 });
  driver.loadEnds('a', 'u');
  expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  return { driver, load };
}

describe('a model that may have several copies', () => {
  it('gets one more when requests stand in its queue for several looks', () => {
    const driver = aDriver();
    const load = new Load(driver);
    load.lasts(5_000, { queue: 20 });
    expect(driver.orders()).toEqual(['load a@t']);
    load.lasts(7_000, { queue: 20 });
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });

  it('gets one at a time, and no more than it may have', () => {
    const driver = aDriver({}, ['t', 'u', 'v', 'w']);
    const load = new Load(driver);
    load.lasts((5 * MINUTE) / 10, { queue: 500 });
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
    driver.loadEnds('a', 'u');
    load.lasts(4_000, { queue: 500 });
    expect(driver.orders()).toHaveLength(2);
    load.lasts(10_000, { queue: 500 });
    driver.loadEnds('a', 'v');
    load.lasts(MINUTE, { queue: 500 });
    expect(driver.orders()).toEqual(['load a@t', 'load a@u', 'load a@v']);
    expect([driver.fleet.utilisations.get(A)?.copies, driver.fleet.wantedSince.size]).toEqual([3, 0]);
  });

  it('gets none where it was not said that there may be several', () => {
    for (const maxCopies of [null, 1]) {
      const driver = aDriver({ maxCopies });
      new Load(driver).lasts(MINUTE, { queue: 500 });
      expect([driver.orders(), driver.fleet.utilisations.size]).toEqual([['load a@t'], 0]);
    }
  });

  it('gets none for a queue that is empty in between', () => {
    const driver = aDriver();
    const load = new Load(driver);
    for (let times = 0; times < 10; times += 1) {
      load.lasts(4_000, { queue: 20 });
      load.lasts(2_000, { queue: 0 });
    }
    expect(driver.orders()).toEqual(['load a@t']);
  });

  it('gets one more by the time that requests waited, where no metrics tell of the queue', () => {
    const driver = aDriver();
    const shelf = driver.shelf('t');
    shelf.gpus = null;
    for (let second = 1; second <= 12; second += 1) {
      const served = { succeeded: 10 * second, failed: 0, lastInference: second };
      shelf.served.set(A, { ...served, waited: 6_000 * second });
      driver.pass(1_000);
    }
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
  });

  it('loses one when one fewer would have done for minutes, and not before', () => {
    const { driver, load } = twoCopies();
    load.lasts(4 * MINUTE, { queue: 0, rate: 2 });
    expect(driver.orders()).toHaveLength(2);
    load.lasts(2 * MINUTE, { queue: 0, rate: 2 });
    expect(driver.orders().slice(2)).toEqual(['unload a@u']);
    load.lasts(20 * MINUTE, { queue: 0, rate: 2 });
    expect(driver.orders()).toHaveLength(3);
  });

  it('loses none for minutes after another came up, though that was between two looks', () => {
    const { driver, load } = twoCopies({ minCopies: 2 });
    load.lasts(6 * MINUTE, { queue: 0, rate: 1 });
    driver.declare({ ...MANY, minCopies: 3 });
    driver.loadEnds('a', 'v');
    driver.declare({ ...MANY, minCopies: 2 });
    const orders = ['load a@t', 'load a@u', 'load a@v'];
    load.lasts(4 * MINUTE, { queue: 0, rate: 1 });
    expect(driver.orders()).toEqual(orders);
    load.lasts(2 * MINUTE, { queue: 0, rate: 1 });
    expect(driver.orders()).toEqual([...orders, expect.stringContaining('unload a@')]);
  });

  it('loses what was not used for its idle time, and wants it no more', () => {
    const { driver } = twoCopies({ idleUnload: MINUTE, minCopies: 1 });
    driver.shelf('t').pending.clear();
    driver.pass(3 * MINUTE);
    expect([driver.orders().slice(2), driver.fleet.utilisations.get(A)?.copies]).toEqual([['unload a@t'], 1]);
    expect(driver.pass(0)).toEqual([]);
  });

  it('keeps them while they serve more than one fewer could', () => {
    const { driver, load } = twoCopies();
    load.lasts(20 * MINUTE, { queue: 0, rate: 9 });
    expect(driver.orders()).toHaveLength(2);
  });

  it('loses none that a pin or copies.min keeps', () => {
    const { driver, load } = twoCopies();
    driver.declare({ ...MANY, minCopies: 2 });
    load.lasts(20 * MINUTE, { queue: 0 });
    driver.declare({ ...MANY, pinnedCopies: 2 });
    load.lasts(20 * MINUTE, { queue: 0 });
    expect(driver.orders()).toHaveLength(2);
  });

  it('loses none while the fleet is frozen, and one as soon as that ends', () => {
    const { driver, load } = twoCopies();
    driver.tell({ kind: 'FreezeOrdered', reason: 'quiet', since: driver.now });
    load.lasts(6 * MINUTE, { queue: 0, rate: 2 });
    expect([driver.phase('a', 't'), driver.phase('a', 'u')]).toEqual(['ready', 'ready']);
    driver.tell({ kind: 'FreezeEnded' });
    expect(driver.orders().slice(2)).toEqual(['unload a@u']);
  });

  it('takes back the copy that was to go when requests stand again before its leases have ended', () => {
    const { driver, load } = twoCopies();
    for (const replica of driver.fleet.replicas.values()) {
      const inUseUntil = driver.now + 60 * MINUTE;
      driver.tell({
        kind: 'RoutesUsed',
        uses: [{ replica: replica.id, at: driver.now, inUseUntil, routes: 1 }],
      });
    }
    load.lasts(6 * MINUTE, { queue: 0 });
    const [going, stays] = driver.phase('a', 't') === 'draining' ? ['t', 'u'] : ['u', 't'];
    expect([going, stays].map((server) => driver.phase('a', server))).toEqual(['draining', 'ready']);
    const other = new Load(driver, stays);
    other.lasts(10_000, { queue: 50, rate: 10 });
    expect([driver.phase('a', going), driver.orders()]).toEqual(['ready', ['load a@t', 'load a@u']]);
  });

  it('begins anew once it was cold', () => {
    const { driver } = twoCopies();
    driver.shelf('t').pending.clear();
    driver.pass(2_000);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(20 * MINUTE);
    expect([driver.orders().slice(2), driver.fleet.utilisations.size]).toEqual([
      ['unload a@t', 'unload a@u'],
      0,
    ]);
  });

  it('wants no more of them in the turn in which its only copy leaves for another model', () => {
    const driver = new CoreDriver()
      .declare(MANY, aModel('x'), aModel('c', { gpuBytes: 8 }))
      .serve(aServer('t'), ['a', 'c'])
      .serve(aServer('u'), ['a', 'x']);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.warm('a', 't').resolve('x', { wait: 10 * MINUTE });
    new Load(driver).lasts(12_000, { queue: 20, rate: 10 });
    driver.shelf('t').pending.clear();
    driver.pass(2_000);
    expect([driver.orders(), driver.fleet.line.get(A)?.server]).toEqual([['load a@t', 'load x@u'], 'u']);
    driver.resolve('c', { wait: MINUTE, class: 'critical' });
    driver.pass(2_000);
    expect(driver.orders().slice(2)).toEqual(['unload a@t', 'load c@t']);
    expect([driver.fleet.line.has(A), driver.fleet.utilisations.has(A)]).toEqual([false, false]);
  });

  it('gives up the place of the next one in that turn', () => {
    const driver = new CoreDriver()
      .declare(MANY, aModel('x', { gpuBytes: 8, class: 'sheddable' }), aModel('c', { gpuBytes: 8 }))
      .serve(aServer('t'), ['a', 'c'])
      .serve(aServer('u'), ['a', 'x'])
      .warm('x', 'u')
      .warm('a', 't');
    driver.unloadsEnd = false;
    driver.pass(20_000);
    new Load(driver).lasts(12_000, { queue: 20, rate: 10 });
    expect([driver.phase('x', 'u'), driver.phase('a', 'u')]).toEqual(['unloading', 'placed']);
    driver.shelf('t').pending.clear();
    driver.resolve('c', { wait: MINUTE, class: 'critical' });
    driver.pass(2_000);
    expect([driver.phase('a', 't'), driver.phase('a', 'u')]).toEqual(['unloading', undefined]);
  });
});

describe('for a copy by demand', () => {
  /** A second server is filled by another model, idle for long. */
  function beside(other: Partial<Model>): { driver: CoreDriver; load: Load } {
    const driver = new CoreDriver()
      .declare(MANY, aModel('x', { gpuBytes: 8, idleUnload: null, ...other }))
      .serve(aServer('t', [4]), ['a'])
      .serve(aServer('u'), ['a', 'x']);
    driver.warm('x', 'u').warm('a', 't').pass(MINUTE);
    return { driver, load: new Load(driver) };
  }
  const BEFORE = ['load x@u', 'load a@t'];

  it('the only warm copy of a model of its class stays', () => {
    const { driver, load } = beside({});
    load.lasts(10 * MINUTE, { queue: 50 });
    expect(driver.orders()).toEqual(BEFORE);
  });

  it('the only warm copy of a model of a lower class leaves', () => {
    const { driver, load } = beside({ class: 'sheddable' });
    load.lasts(MINUTE, { queue: 50 });
    expect(driver.orders()).toEqual([...BEFORE, 'unload x@u', 'load a@u']);
  });

  it('one of two warm copies of a model of its class leaves', () => {
    const { driver, load } = beside({ minCopies: 0 });
    driver
      .serve(aServer('w'), ['x'])
      .declare(aModel('x', { gpuBytes: 8, idleUnload: null, pinnedCopies: 2 }));
    driver.loadEnds('x', 'w');
    driver.declare(aModel('x', { gpuBytes: 8, idleUnload: null })).pass(MINUTE);
    load.lasts(MINUTE, { queue: 50 });
    expect(driver.orders().slice(3)).toEqual(['unload x@u', 'load a@u']);
  });

  it('nothing in use leaves, however long that is wanted', () => {
    const { driver, load } = beside({ class: 'sheddable' });
    driver.resolve('x', { lease: 60 * MINUTE });
    load.lasts(20 * MINUTE, { queue: 50 });
    expect([driver.orders(), driver.phase('x', 'u')]).toEqual([BEFORE, 'ready']);
  });

  it('a request that comes later has not waited as long', () => {
    const { driver, load } = beside({});
    load.lasts(10 * MINUTE, { queue: 50 });
    driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'leaving' });
    driver.resolve('x', { lease: 60 * MINUTE });
    driver.resolve('a', { wait: 60 * MINUTE });
    driver.pass(20_000);
    expect(driver.orders()).toEqual(BEFORE);
  });

  it('the want ends when it has become easy without', () => {
    const { driver, load } = beside({});
    load.lasts(MINUTE, { queue: 50 });
    expect([...driver.fleet.wantedSince.keys()]).toEqual(['a']);
    load.lasts(6 * MINUTE, { queue: 0 });
    expect([...driver.fleet.wantedSince.keys()]).toEqual([]);
  });
});
