import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { calming } from '../learned/demand.js';
import { type ModelId, type TenantId, whyOf } from '../index.js';

/** Longer than a load takes, and no longer. */
const HASTY = { wait: 2_000 };

const REPOSITORY = ['hot', 'x', 'y'];

/** A server with room for one model at a time, where `hot` is warm and was asked for this often in the last moments. */
function aDriver(asked: number, parts: Parameters<typeof aModel>[1] = {}): CoreDriver {
  const driver = new CoreDriver();
  driver.declare(aModel('hot'), aModel('x', parts), aModel('y'));
  driver.serve(aServer('s', [4]), REPOSITORY);
  for (const model of REPOSITORY) driver.loadsTake(model, 1_000);
  driver.warm('hot', 's');
  driver.pass(60_000);
  for (let nth = 1; nth < asked; nth += 1) driver.resolve('hot', { lease: 0 });
  return driver;
}

describe('while load slots are scarce', () => {
  it('a model is not loaded in place of what is asked for more, and a request for it is told so at once', () => {
    const driver = aDriver(10).slotsTaken();
    const request = driver.resolve('x', HASTY);
    expect(driver.refusalOf(request)).toMatchObject({
      ...{ reason: 'no_capacity', detail: 'load_slots' },
    });
    expect(driver.orders()).toEqual(['load hot@s']);
  });

  it('it is loaded once it is asked for enough, refused requests included', () => {
    const driver = aDriver(10).slotsTaken();
    const answers: string[] = [];
    for (let asked = 0; asked < 40; asked += 1) answers.push(driver.answerTo(driver.resolve('x', HASTY)));
    const turnedAway = answers.indexOf('waiting');
    // Three times as often as `hot`, of which a little has faded, less what the one waiting request counts.
    const waiting = 8 * calming(driver.fleet, driver.now);
    expect(turnedAway).toBeGreaterThanOrEqual(3 * 9 - waiting - 1);
    expect(turnedAway).toBeLessThanOrEqual(3 * 10.5 - waiting);
    expect(answers.slice(turnedAway)).not.toContain('no_capacity');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });

  it.each<{ when: string; tenSeconds: number; answer: string }>([
    { when: 'a storm is over', tenSeconds: 1, answer: 'waiting' },
    { when: 'nothing has changed', tenSeconds: 10, answer: 'no_capacity' },
  ])('a waiting request counts for more if requests came faster before: $when', ({ tenSeconds, answer }) => {
    const driver = aDriver(10).slotsTaken();
    const at = driver.now;
    driver.fleet.allAsks = { minute: { sum: 60, at }, lately: { sum: tenSeconds, at } };
    expect(driver.answerTo(driver.resolve('x', HASTY))).toBe(answer);
  });

  it('it is loaded for a request that can wait until it has starved', () => {
    const driver = aDriver(10).slotsTaken();
    expect(driver.answerTo(driver.resolve('x', { wait: 30_999 }))).toBe('no_capacity');
    expect(driver.answerTo(driver.resolve('x', { wait: 31_000 }))).toBe('waiting');
  });

  it('it is loaded where it is as much asked for by the byte', () => {
    const driver = aDriver(10, { gpuBytes: 1 }).slotsTaken();
    const answers = Array.from({ length: 8 }, () => driver.answerTo(driver.resolve('x', HASTY)));
    expect(answers).toContain('waiting');
  });

  it('a request is admitted where what is loaded was hardly asked for', () => {
    const driver = aDriver(1).slotsTaken();
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
  });

  it('a critical request is, whatever it costs', () => {
    const driver = aDriver(10).slotsTaken();
    const request = driver.resolve('x', { class: 'critical', wait: 5_000 });
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
    driver.loadEnds('x', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('a request that waits beside a critical one is admitted as well', () => {
    const driver = aDriver(10).slotsTaken();
    driver.resolve('x', { class: 'critical', wait: 5_000 });
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
  });

  it('what the operator wants is loaded: pinned or ordered', () => {
    for (const event of [
      { kind: 'ModelDeclared', model: aModel('x', { pinnedCopies: 1 }) },
      { kind: 'LoadOrdered', model: 'x' as ModelId, until: Infinity },
    ] as const) {
      const driver = aDriver(10).slotsTaken();
      driver.tell(event);
      driver.pass(1_000);
      expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
    }
  });

  it('an admitted request goes on waiting, however the price has risen since', () => {
    const driver = aDriver(10);
    driver.unloadsEnd = false;
    const request = driver.resolve('x');
    driver.slotsTaken();
    for (let nth = 0; nth < 50; nth += 1) driver.resolve('y');
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.phase('x', 's')).toBe('placed');
  });

  it('its model is given a place even if it had none yet', () => {
    const driver = new CoreDriver();
    const models = ['hot', 'o', 'p', 'q', 'a', 'b', 'x'];
    driver.declare(...models.map((id) => aModel(id, { config: '{}' })));
    driver.serve(aServer('s', [4, 4, 4, 4]), models);
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    for (const id of models) driver.loadsTake(id, 8_000);
    for (const id of ['o', 'p', 'q', 'hot']) driver.warm(id, 's');
    driver.pass(120_000);
    for (const id of ['a', 'b']) driver.resolve(id, { wait: 29_000 });
    const request = driver.resolve('x', { wait: 29_000 });
    expect([driver.phase('b', 's'), driver.phase('x', 's')]).toEqual(['placed', undefined]);
    for (const id of ['hot', 'o', 'p', 'q'])
      if (driver.phase(id, 's') === 'ready')
        for (let nth = 0; nth < 50; nth += 1) driver.resolve(id, { lease: 0 });
    driver.slotsTaken().pass(2_000);
    driver.loadEnds('a', 's');
    driver.slotsTaken().pass(2_000);
    expect([driver.answerTo(request), driver.phase('x', 's')]).toEqual(['waiting', 'placed']);
  });

  it('what is only wished for waits until they are not', () => {
    const driver = aDriver(10).slotsTaken();
    driver.resolve('x', HASTY);
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load hot@s']);
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });

  it('it is loaded all the same once it has starved', () => {
    const driver = aDriver(10);
    driver.fleet.limits = { ...driver.fleet.limits, starvation: 10_000 };
    driver.slotsTaken().resolve('x', HASTY);
    for (let seconds = 0; seconds < 40; seconds += 1) {
      expect(driver.orders()).toEqual(['load hot@s']);
      driver.resolve('hot', { lease: 0 });
      driver.slotsTaken().pass(1_000);
    }
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });
});

describe('slots of servers that could not load a model', () => {
  it('make it no dearer', () => {
    const driver = aDriver(10);
    driver.serve(aServer('idle', [4]), ['x']);
    driver.fleet.slotUse.set(aServer('s').id, { lately: 1, taken: 1, at: driver.now });
    expect(driver.answerTo(driver.resolve('y', HASTY))).toBe('no_capacity');
    driver.declare(aModel('x', { require: { disk: 'fast' } }));
    const labels = { disk: 'fast' };
    driver.tell({ kind: 'ServerDeclared', server: aServer('idle', [4], { labels }) });
    expect(driver.answerTo(driver.resolve('x', HASTY))).toBe('waiting');
    expect(driver.orders()).toEqual(['load hot@s', 'load x@idle']);
  });

  it('keep no wish from the free slots of others', () => {
    const driver = aDriver(10);
    driver.serve(aServer('idle', [4]), ['x', 'z']).declare(aModel('z'));
    for (const [server, taken] of [
      ['s', 1],
      ['idle', 0.3],
    ] as const)
      driver.fleet.slotUse.set(aServer(server).id, { lately: taken, taken, at: driver.now });
    driver.resolve('z', { wait: 0 });
    expect(driver.orders()).toEqual(['load hot@s', 'load z@idle']);
  });
});

describe('what has to leave a drained server', () => {
  it('is loaded elsewhere, though no request asks for it', () => {
    const driver = aDriver(10)
      .serve(aServer('t', [4]), ['x'])
      .warm('x', 't');
    driver.serve(aServer('u', [4]), ['x']).pass(5_000);
    const drain = { kind: 'DrainOrdered', server: aServer('t').id, deadline: null } as const;
    expect(driver.slotsTaken().tell(drain)).toContainEqual(
      expect.objectContaining({ kind: 'load', server: 'u' }),
    );
  });
});

describe('a tenant that has taken less than the others', () => {
  /** Two tenants: `flooder` has paid for nearly all loads of the last seconds. */
  function flooded(): CoreDriver {
    const driver = aDriver(10).slotsTaken();
    const at = driver.now;
    driver.fleet.spending.set('flooder' as TenantId, { sum: 90_000, at });
    driver.fleet.spending.set('other' as TenantId, { sum: 10_000, at });
    return driver;
  }

  it('pays nothing, while the other one pays', () => {
    const driver = flooded();
    expect(driver.answerTo(driver.resolve('x', { ...HASTY, tenant: 'flooder' }))).toBe('no_capacity');
    expect(driver.answerTo(driver.resolve('y', { ...HASTY, tenant: 'other' }))).toBe('waiting');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load y@s']);
  });

  it('gets requests of others for the same model admitted', () => {
    const driver = flooded();
    driver.resolve('y', { ...HASTY, tenant: 'other' });
    expect(driver.answerTo(driver.resolve('y', { ...HASTY, tenant: 'flooder' }))).toBe('waiting');
  });

  it('is one that has paid for nothing yet', () => {
    const driver = flooded();
    expect(driver.answerTo(driver.resolve('x', { ...HASTY, tenant: 'newcomer' }))).toBe('waiting');
  });

  it('is so for some 20 s', () => {
    const driver = flooded();
    driver.pass(20_000);
    const [flooder] = driver.fleet.spending.values();
    expect(flooder).toMatchObject({ sum: 90_000 });
    driver.resolve('x', { tenant: 'flooder', wait: 0 });
    driver.pass(1_000);
    driver.pass(300_000);
    expect([...driver.fleet.spending.keys()]).toEqual([]);
  });
});

describe('a request refused since another load is worth more', () => {
  it('is told to come again when the model would have been loaded for it, however dear that is', () => {
    const driver = aDriver(10).slotsTaken();
    const { retryAfter } = driver.refusalOf(driver.resolve('x', { wait: 20_000 }));
    expect(retryAfter).toBe(31_000);
    expect(whyOf(driver.fleet, 'x' as ModelId, driver.now).predictedWait).toBe(31_000);
  });

  it('is told so though it would not wait at all', () => {
    const driver = aDriver(10).slotsTaken();
    expect(driver.refusalOf(driver.resolve('x', { wait: 0 }))).toMatchObject({
      ...{ reason: 'no_capacity', detail: 'load_slots', retryAfter: 31_000 },
    });
  });

  it('is none whose model is on its way, or about to come back', () => {
    const driver = aDriver(10);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'ReloadOrdered', model: 'hot' as ModelId, until: Infinity });
    driver.pass(1_000);
    driver.slotsTaken();
    expect(driver.phase('hot', 's')).toBe('unloading');
    expect(driver.answerTo(driver.resolve('hot', HASTY))).not.toBe('no_capacity');
  });
});

describe('why a model is nowhere while load slots are scarce', () => {
  it('is told in numbers, and how long a request that came now would wait', () => {
    const driver = aDriver(10).slotsTaken();
    for (let asked = 0; asked < 14; asked += 1) driver.resolve('x', HASTY);
    const { demand, predictedWait } = whyOf(driver.fleet, 'x' as ModelId, driver.now);
    const needed = 3 * (9 + Math.exp(-1));
    expect(demand.cost!.slotsTaken).toBe(1);
    expect(demand.cost!.asked).toBeCloseTo(14 + 1 + 8 * calming(driver.fleet, driver.now), 9);
    expect(demand.cost!.needed).toBeCloseTo(needed, 9);
    expect(predictedWait).toBe(30_000 + 1_000);
  });

  it('is told so of none that is there, nor of any while they are plenty', () => {
    const driver = aDriver(10);
    expect(whyOf(driver.fleet, 'x' as ModelId, driver.now).demand.cost).toBeNull();
    driver.slotsTaken();
    expect(whyOf(driver.fleet, 'hot' as ModelId, driver.now).demand.cost).toBeNull();
  });
});

describe('while slots are not scarce', () => {
  it('others leave for any request', () => {
    const driver = aDriver(1_000);
    driver.fleet.slotUse.set(aServer('s').id, { lately: 0.54, taken: 0.54, at: driver.now });
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });
});
