import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Replica } from '../fleet/replica.js';

/** A server with room for one model at a time unless told otherwise, whose loads all take 8 s. */
function aDriver(gpus: readonly number[] = [4], parts: Parameters<typeof aModel>[1] = {}): CoreDriver {
  const driver = new CoreDriver();
  driver.declare(aModel('a', parts), aModel('b', parts)).serve(aServer('s', gpus), ['a', 'b']);
  return driver.loadsTake('a', 8_000).loadsTake('b', 8_000);
}

describe('a request that cannot be served in time', () => {
  it('is told so at once, with when it should be there', () => {
    const driver = aDriver();
    const request = driver.resolve('a', { wait: 7_999 });
    expect(driver.refusalOf(request)).toEqual({ reason: 'deadline_unreachable', retryAfter: 8_000 });
  });

  it('counts as demand, so that the next one finds the model warm', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 1_000 });
    expect(driver.orders()).toEqual(['load a@s']);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(driver.resolve('a', { wait: 1_000 }))).toBe('s');
  });

  it('counts for nothing where the model says so', () => {
    const { coldStart } = aModel('a');
    const driver = aDriver([4], { coldStart: { ...coldStart, loadWhenShed: false } });
    expect(driver.answerTo(driver.resolve('a', { wait: 1_000 }))).toBe('deadline_unreachable');
    driver.pass(60_000);
    expect(driver.orders()).toEqual([]);
  });

  it('waits where there is just time enough', () => {
    const driver = aDriver();
    expect(driver.answerTo(driver.resolve('a', { wait: 8_000 }))).toBe('waiting');
  });

  it('is told how far the model is where it would not wait at all', () => {
    const driver = aDriver();
    expect(driver.answerTo(driver.resolve('a', { wait: 0 }))).toBe('loading');
  });
});

describe('what has to come first', () => {
  it('is the load before it on its server', () => {
    const driver = aDriver([4, 4], { config: '{}' });
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.resolve('a');
    driver.pass(3_000);
    const [late, early] = [driver.resolve('b', { wait: 13_500 }), driver.resolve('b', { wait: 12_500 })];
    expect(driver.answerTo(late)).toBe('waiting');
    expect(driver.refusalOf(early)).toEqual({ reason: 'deadline_unreachable', retryAfter: 13_000 });
  });

  it('is what is left of its own load once that has begun', () => {
    const driver = aDriver();
    driver.resolve('b', { wait: 60_000 });
    driver.pass(5_000);
    expect(driver.phase('b', 's')).toBe('loading');
    const [late, early] = [driver.resolve('b', { wait: 3_000 }), driver.resolve('b', { wait: 2_999 })];
    expect(driver.answerTo(late)).toBe('waiting');
    expect(driver.answerTo(early)).toBe('deadline_unreachable');
  });

  it('is foreseen as well as loads are alike: a request that may have it in time is admitted', () => {
    const answers = [20_000, 19_999].map((wait) => {
      const driver = aDriver();
      // The P90 is 1.25 times the P50 of 22,535 ms, so that 2,535 of that are in doubt.
      const times = { mean: Math.log(22_535), deviation: Math.log(1.25) / 1.6, count: 8 };
      driver.fleet.loadTimes.set(aModel('b').id, times);
      return driver.answerTo(driver.resolve('b', { wait }));
    });
    expect(answers).toEqual(['waiting', 'deadline_unreachable']);
  });

  it('are leases of what makes room, and that it leaves', () => {
    const driver = aDriver();
    driver.warm('a', 's');
    driver.resolve('a', { lease: 20_000 });
    driver.pass(5_000);
    driver.unloadsEnd = false;
    const [late, early] = [driver.resolve('b', { wait: 25_000 }), driver.resolve('b', { wait: 22_000 })];
    expect(driver.answerTo(late)).toBe('waiting');
    expect(driver.refusalOf(early).reason).toBe('deadline_unreachable');
  });
});

describe('what makes room', () => {
  /** A server that is full of `a`, which leaves for `b` within 400 ms, as it was seen to leave before. */
  function known(): CoreDriver {
    const driver = aDriver();
    const spec = driver.fleet.servers.get(aServer('s').id)!;
    spec.unloadTimes = { mean: Math.log(400), deviation: 0, count: 8 };
    driver.warm('a', 's');
    driver.pass(60_000);
    driver.unloadsEnd = false;
    return driver;
  }

  it('is foreseen to leave as fast as what left before it', () => {
    const driver = known();
    expect(driver.answerTo(driver.resolve('b', { wait: 8_399 }))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('b', { wait: 8_400 }))).toBe('waiting');
    driver.pass(200);
    expect(driver.phase('a', 's')).toBe('unloading');
    expect(driver.answerTo(driver.resolve('b', { wait: 8_249 }))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('b', { wait: 8_250 }))).toBe('waiting');
  });

  it('is so while it is read when that was used last', () => {
    const driver = known();
    driver.looksEnd = false;
    expect(driver.answerTo(driver.resolve('b', { wait: 8_399 }))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('b', { wait: 8_400 }))).toBe('waiting');
    expect(driver.phase('a', 's')).toBe('ready');
  });

  it('tells how fast it left', () => {
    const driver = aDriver();
    driver.warm('a', 's');
    driver.pass(60_000);
    driver.resolve('b');
    driver.pass(2_000);
    const { unloadTimes } = driver.fleet.servers.get(aServer('s').id)!;
    expect(unloadTimes).toMatchObject({ count: 1 });
    expect(Math.exp(unloadTimes!.mean)).toBeLessThan(2_000);
  });
});

describe('no request is refused as too late', () => {
  it('by a guess', () => {
    const driver = new CoreDriver();
    driver.declare(aModel('a')).serve(aServer('s', [4]), ['a']);
    expect(driver.answerTo(driver.resolve('a', { wait: 100 }))).toBe('waiting');
  });

  it('while a load goes on that has taken longer than it should', () => {
    const driver = aDriver();
    const first = driver.resolve('a');
    driver.pass(8_001);
    const second = driver.resolve('a', { wait: 100 });
    expect([driver.answerTo(first), driver.answerTo(second)]).toEqual(['waiting', 'waiting']);
  });

  it('where a copy is warm but for its server, which may be back at once', () => {
    const driver = aDriver();
    driver.warm('a', 's');
    driver.tell({ kind: 'ContactChanged', server: aServer('s').id, fact: 'ended' });
    expect(driver.answerTo(driver.resolve('a', { wait: 1_000 }))).toBe('waiting');
  });

  it('in a frozen fleet', () => {
    const driver = aDriver();
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    expect(driver.answerTo(driver.resolve('a', { wait: 1_000 }))).toBe('waiting');
  });
});

describe('an admitted request', () => {
  /** `b` has the next slot after `a`, and 1 s to spare; then a request of a higher class comes before it. */
  function overtaken(): { driver: CoreDriver; request: string } {
    const driver = new CoreDriver();
    const models = ['a', 'b', 'c'];
    driver.declare(...models.map((id) => aModel(id, { config: '{}' })));
    driver.serve(aServer('s', [4, 4, 4]), models);
    for (const id of models) driver.loadsTake(id, 8_000);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.resolve('a');
    const request = driver.resolve('b', { wait: 17_000 });
    driver.pass(1);
    driver.resolve('c', { class: 'critical' });
    return { driver, request };
  }

  /** It waits for so long once the load before it has ended, and no longer. */
  function expectSentAwayAfter(driver: CoreDriver, request: string, millis: number): void {
    driver.pass(7_999);
    driver.loadEnds('a', 's');
    driver.pass(millis);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(1);
    driver.tell();
    expect(driver.answerTo(request)).toBe('deadline_unreachable');
  }

  it('goes on waiting though another has come before it', () => {
    const { driver, request } = overtaken();
    driver.pass(7_999);
    driver.loadEnds('a', 's');
    expect(driver.orders()).toEqual(['load a@s', 'load c@s']);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.pass(500);
    driver.loadEnds('c', 's');
    expect(driver.orders()).toEqual(['load a@s', 'load c@s', 'load b@s']);
    driver.loadEnds('b', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('is turned away once the load alone would take too long', () => {
    const { driver, request } = overtaken();
    expectSentAwayAfter(driver, request, 1_000);
  });

  it('is not sent away by half a chance, but once even a short load would take too long', () => {
    const { driver, request } = overtaken();
    const b = { mean: Math.log(8_000), deviation: Math.log(2) / 1.6, count: 8 };
    driver.tell({ kind: 'LoadTimesRemembered', model: 'b' as ModelId, anywhere: b, on: [] });
    expectSentAwayAfter(driver, request, 5_000);
  });

  it('that could not be judged is judged once it can be', () => {
    const driver = new CoreDriver();
    const models = ['a', 'b', 'c'];
    driver
      .declare(...models.map((id) => aModel(id, { config: '{}' })))
      .serve(aServer('s', [4, 4, 4]), models);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const id of ['b', 'c', 'c']) driver.resolve(id);
    const request = driver.resolve('a', { wait: 5_000 });
    driver.pass(4_000);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadEnds('b', 's');
    expect(driver.answerTo(request)).toBe('deadline_unreachable');
  });

  it('that has waited in vain leaves what drained for it to a request that comes in that very turn', () => {
    const { coldStart } = aModel('a');
    const driver = aDriver([4], { coldStart: { ...coldStart, loadWhenShed: false } });
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 2_000 };
    driver.warm('a', 's');
    driver.pass(60_000);
    driver.resolve('a', { lease: 20_000 });
    const request = driver.resolve('b', { wait: 29_000 });
    driver.pass(2_000);
    const replica = 'a@s' as ReplicaId;
    expect(driver.fleet.replicas.get(replica)).toMatchObject({ phase: 'draining', makesRoomFor: 'b' });
    const inUseUntil = driver.now + 60_000;
    driver.tell({ kind: 'RoutesUsed', uses: [{ replica, at: driver.now, inUseUntil, routes: 1 }] });
    driver.pass(19_000);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.loadsTake('a', 4_000);
    driver.now += 1;
    const newcomer = driver.resolve('a', { wait: 2_000 });
    expect([driver.answerTo(request), driver.answerTo(newcomer)]).toEqual(['deadline_unreachable', 's']);
  });

  it('while the fleet was frozen is judged when that ends', () => {
    const driver = aDriver();
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    const request = driver.resolve('a', { wait: 7_000 });
    driver.pass(10);
    expect(driver.answerTo(request)).toBe('waiting');
    driver.tell({ kind: 'FreezeEnded' });
    expect(driver.answerTo(request)).toBe('deadline_unreachable');
  });
});

describe('what is in use', () => {
  function inUse(): CoreDriver {
    const driver = aDriver();
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 2_000 };
    driver.warm('a', 's').resolve('a', { lease: 300_000 });
    driver.pass(60_000);
    return driver;
  }

  const a = (driver: CoreDriver): Replica => driver.fleet.replicas.get('a@s' as ReplicaId)!;

  it('leaves four times as late for what is only wished for', () => {
    const driver = inUse();
    expect(driver.answerTo(driver.resolve('b', { wait: 7_999 }))).toBe('deadline_unreachable');
    driver.pass(7_999);
    expect(a(driver).phase).toBe('ready');
    driver.pass(1);
    expect(a(driver)).toMatchObject({ phase: 'draining', makesRoomFor: 'b' });
  });

  it('leaves for requests that wait one after the other, though none of them for so long', () => {
    const driver = inUse();
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 20_000 };
    driver.pass(210_000);
    for (let asked = 0; asked < 4; asked += 1) {
      expect(a(driver).phase).toBe('ready');
      driver.resolve('b', { wait: 45_000 });
      driver.resolve('a', { lease: 33_000 });
      driver.pass(5_000);
    }
    expect(a(driver)).toMatchObject({ phase: 'draining', makesRoomFor: 'b' });
  });

  it('leaves for a request that has waited for too long', () => {
    const driver = inUse();
    driver.resolve('b', { wait: 400_000 });
    driver.pass(2_000);
    expect(a(driver)).toMatchObject({ phase: 'draining', makesRoomFor: 'b' });
  });
});
