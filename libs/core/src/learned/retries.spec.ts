import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { nextWake, whyOf } from '../index.js';
import { retriesAgainAt } from './retries.js';

const MANY = Array.from({ length: 30 }, (_, nth) => `m${nth}`);

/** One server with room for many small models, all of which are wanted all the time. */
const aDriver = (): CoreDriver => {
  const driver = new CoreDriver();
  const { limits } = driver.fleet;
  const { id: _, source: __, ...defaults } = aModel('default');
  driver.tell({ kind: 'LimitsSet', limits: { ...limits, loadsPerServer: 4, loadsPerDevice: 4 }, defaults });
  return driver.serve(aServer('s', [1_000]), [...MANY, 'new']).declare(aModel('new'));
};

const loads = (driver: CoreDriver): string[] =>
  driver.orders().flatMap((order) => (order.startsWith('load m') ? [order.split(/[ @]/)[1]!] : []));

/** Lets time pass in which every load fails as soon as it has begun, but those of some models; how many were begun. */
function allFail(driver: CoreDriver, millis: number, but: readonly string[] = []): number {
  const before = loads(driver).length;
  for (const end = driver.now + millis; driver.now < end;) {
    for (const model of MANY) {
      if (driver.isLoading(model, 's'))
        driver.loadEnds(model, 's', but.includes(model) ? 'succeeded' : 'transient');
    }
    driver.pass(250);
  }
  return loads(driver).length - before;
}

describe('loads that repeat a failed one', () => {
  it('are ten at once on one server, and then one in ten seconds, however many models fail', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    const first = allFail(driver, 3_000);
    expect(first).toBeLessThanOrEqual(MANY.length + 10);
    expect(first).toBeGreaterThanOrEqual(MANY.length);
    const more = allFail(driver, 300_000);
    expect(first + more).toBeLessThanOrEqual(MANY.length + 10 + 31);
    expect(first + more).toBeGreaterThanOrEqual(MANY.length + 10 + 25);
  });

  it('are not spent by what was never sent', () => {
    const driver = aDriver().declare(aModel('m0', { gpuBytes: 1, pinnedCopies: 1 }));
    allFail(driver, 250);
    driver.pass(10_000);
    for (let times = 0; times < 15; times += 1) {
      const { order, id } = [...driver.fleet.replicas.values()].find((one) => one.phase === 'loading')!;
      driver.tell({ kind: 'LoadEnded', order, replica: id, outcome: { kind: 'unsent' } });
      driver.pass(10);
    }
    const [server] = driver.fleet.servers.values();
    expect(server!.retriesFullAt).toBeLessThanOrEqual(driver.now + 10_000);
  });

  it('say so, and when the next may begin', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    allFail(driver, 60_000);
    const held = MANY.map((id) => whyOf(driver.fleet, id as ModelId, driver.now).there[0]!);
    const spent = held.filter(({ cooldown }) => cooldown?.by === 'retry_budget');
    expect(spent.length).toBeGreaterThan(0);
    const { until } = spent[0]!;
    expect(spent[0]).toMatchObject({ verdict: 'cooling_down', cooldown: { cause: 'transient', until } });
    expect(until! - driver.now).toBeLessThanOrEqual(10_000);
    expect(nextWake(driver.fleet, driver.now)).toBeLessThanOrEqual(until!);
  });

  it('leave what never failed its slots', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    allFail(driver, 60_000);
    driver.warm('new', 's');
  });

  it('are one more for each ten that succeed there', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    allFail(driver, 60_000);
    driver.declare(...MANY.map((id) => aModel(id, { gpuBytes: 1 })));
    driver.resolve('new');
    const server = driver.fleet.servers.get('s' as ServerId)!;
    const before = server.retriesFullAt;
    driver.loadEnds('new', 's');
    expect(server.retriesFullAt).toBe(before - 1_000);
  });

  it('find what time has given back, and never more than ten', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    allFail(driver, 5_000);
    driver.declare(...MANY.map((id) => aModel(id, { gpuBytes: 1 })));
    driver.pass(3_600_000);
    driver.declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    expect(allFail(driver, 3_000)).toBeLessThanOrEqual(MANY.length + 10);
  });

  it('are not counted for an admin, who wants it tried all the same', () => {
    const driver = aDriver().declare(...MANY.map((id) => aModel(id, { gpuBytes: 1, pinnedCopies: 1 })));
    allFail(driver, 60_000);
    const before = loads(driver).length;
    for (const id of MANY.slice(0, 3))
      driver.tell({ kind: 'LoadOrdered', model: id as ModelId, until: driver.now + 60_000 });
    expect(loads(driver).length).toBe(before + 3);
  });

  it('wake a load that needs several at once each time that there is one more, until there are ten', () => {
    const driver = aDriver();
    const server = driver.fleet.servers.get('s' as ServerId)!;
    const wakeAt = (fullIn: number): number | null => {
      server.retriesFullAt = driver.now + fullIn;
      const at = retriesAgainAt(driver.fleet, server, driver.now);
      return at && at - driver.now;
    };
    expect([103_000, 90_000, 85_000, 10_000, 4_000, 0].map(wakeAt)).toEqual([
      13_000,
      10_000,
      5_000,
      10_000,
      4_000,
      null,
    ]);
  });

  it('that get the last try leave the others to be told in the same turn that theirs comes later', () => {
    const driver = aDriver().declare(aModel('m0', { gpuBytes: 1 }), aModel('m1', { gpuBytes: 1 }));
    const requests = ['m0', 'm1'].map((id) => driver.resolve(id, { wait: 4_000 }));
    for (const id of ['m0', 'm1']) driver.loadEnds(id, 's', 'transient');
    const until = driver.now + 1_000;
    for (const [id, one] of driver.fleet.cooldowns) driver.fleet.cooldowns.set(id, { ...one, until });
    driver.fleet.servers.get('s' as ServerId)!.retriesFullAt = until + 90_000;
    driver.pass(1_000);
    expect(requests.map((request) => driver.answerTo(request))).toEqual(['waiting', 'cooling_down']);
    expect(driver.refusalOf(requests[1]!).retryAfter).toBe(10_000);
    expect(driver.isLoading('m0', 's')).toBe(true);
  });
});
