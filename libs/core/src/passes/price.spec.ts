import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
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

/** As if all slots had been taken for long. */
function scarce(driver: CoreDriver): CoreDriver {
  driver.fleet.slotUse = { lately: 1, taken: 1, at: driver.now };
  return driver;
}

describe('while load slots are scarce', () => {
  it('a model is not loaded in place of what is asked for more, and who asks for it is told so at once', () => {
    const driver = scarce(aDriver(10));
    const request = driver.resolve('x');
    expect(driver.refusalOf(request)).toMatchObject({
      ...{ reason: 'deadline_unreachable', detail: 'load_slots' },
    });
    expect(driver.orders()).toEqual(['load hot@s']);
  });

  it('it is loaded once it is asked for enough, who was turned away included', () => {
    const driver = scarce(aDriver(10));
    const answers: string[] = [];
    for (let asked = 0; asked < 40; asked += 1) answers.push(driver.answerTo(driver.resolve('x', HASTY)));
    const turnedAway = answers.indexOf('waiting');
    // Three times as often as `hot`, of which a little has faded, less four for the one who waits.
    expect(turnedAway).toBeGreaterThanOrEqual(3 * 9 - 4 - 1);
    expect(turnedAway).toBeLessThanOrEqual(3 * 10.5 - 4);
    expect(answers.slice(turnedAway)).not.toContain('deadline_unreachable');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });

  it('it is loaded for who can wait until it will be asked for enough, at the rate at which it is', () => {
    const driver = scarce(aDriver(10));
    for (let asked = 1; asked < 15; asked += 1) driver.resolve('x', HASTY);
    const inMillis = 60_000 * ((3 * (9 + Math.exp(-1))) / 16 - 1) + 1_000;
    const [early, late] = [{ wait: inMillis - 5_000 }, { wait: inMillis + 5_000 }];
    expect(driver.answerTo(driver.resolve('x', early))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('x', late))).toBe('waiting');
  });

  it('it is loaded where it is as much asked for by the byte', () => {
    const driver = scarce(aDriver(10, { gpuBytes: 1 }));
    for (let asked = 0; asked < 3; asked += 1) driver.resolve('x');
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
  });

  it('who asks is let in where hardly anybody asked for what is loaded', () => {
    const driver = scarce(aDriver(1));
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
  });

  it('a critical request is, whatever it costs', () => {
    const driver = scarce(aDriver(10));
    const request = driver.resolve('x', { class: 'critical', wait: 5_000 });
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
    driver.loadEnds('x', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('who waits beside a critical one is let in as well', () => {
    const driver = scarce(aDriver(10));
    driver.resolve('x', { class: 'critical', wait: 5_000 });
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
  });

  it('what the operator wants is loaded: pinned or ordered', () => {
    for (const event of [
      { kind: 'ModelDeclared', model: aModel('x', { pinnedCopies: 1 }) },
      { kind: 'LoadOrdered', model: 'x' as ModelId, until: Infinity },
    ] as const) {
      const driver = scarce(aDriver(10));
      driver.tell(event);
      driver.pass(1_000);
      expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
    }
  });

  it('who was let in goes on waiting, however the price has risen since', () => {
    const driver = aDriver(10);
    driver.unloadsEnd = false;
    const request = driver.resolve('x');
    scarce(driver);
    for (let nth = 0; nth < 50; nth += 1) driver.resolve('y');
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe('waiting');
    expect(driver.phase('x', 's')).toBe('placed');
  });

  it('he has a place given even if he had none yet', () => {
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
    scarce(driver).pass(2_000);
    driver.loadEnds('a', 's');
    scarce(driver).pass(2_000);
    expect([driver.answerTo(request), driver.phase('x', 's')]).toEqual(['waiting', 'placed']);
  });

  it('what is only wished for waits until they are not', () => {
    const driver = scarce(aDriver(10));
    driver.resolve('x');
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load hot@s']);
    driver.pass(10_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });

  it('what is wished for is so from the first who asked until long after the last', () => {
    const driver = scarce(aDriver(100));
    driver.resolve('x');
    const since = driver.now;
    driver.pass(5_000);
    driver.resolve('x');
    const until = driver.now + 60_000;
    expect(driver.fleet.wishes.get('x' as ModelId)).toEqual({ since, until, admin: false });
  });

  it('it is loaded all the same once it has starved', () => {
    const driver = scarce(aDriver(10));
    driver.resolve('x');
    for (let seconds = 0; seconds < 118; seconds += 1) {
      scarce(driver).pass(1_000);
      for (const model of ['hot', 'hot', 'x']) driver.resolve(model, { ...HASTY, lease: 0 });
    }
    for (let seconds = 118; seconds < 120; seconds += 1) {
      expect(driver.orders()).toEqual(['load hot@s']);
      scarce(driver).pass(1_000);
    }
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });
});

describe('a tenant that has taken less than the others', () => {
  /** Two tenants: `flooder` has paid for nearly all loads of the last seconds. */
  function flooded(): CoreDriver {
    const driver = scarce(aDriver(10));
    const at = driver.now;
    driver.fleet.spending.set('flooder' as TenantId, { sum: 90_000, at });
    driver.fleet.spending.set('other' as TenantId, { sum: 10_000, at });
    return driver;
  }

  it('pays nothing, while the other one pays', () => {
    const driver = flooded();
    expect(driver.answerTo(driver.resolve('x', { tenant: 'flooder' }))).toBe('deadline_unreachable');
    expect(driver.answerTo(driver.resolve('y', { tenant: 'other' }))).toBe('waiting');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load y@s']);
  });

  it('lets in those who wait for the same model', () => {
    const driver = flooded();
    driver.resolve('y', { tenant: 'other' });
    expect(driver.answerTo(driver.resolve('y', { tenant: 'flooder' }))).toBe('waiting');
  });

  it('is one that has paid for nothing yet', () => {
    const driver = flooded();
    expect(driver.answerTo(driver.resolve('x', { tenant: 'newcomer' }))).toBe('waiting');
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

describe('who is turned away since another load is worth more', () => {
  it('is told to come again when the model should be asked for enough, at the rate at which it is', () => {
    const driver = scarce(aDriver(10));
    for (let asked = 0; asked < 14; asked += 1) driver.resolve('x', HASTY);
    const asked = 15;
    const needed = 3 * (9 + Math.exp(-1));
    const { retryAfter } = driver.refusalOf(driver.resolve('x', HASTY));
    expect(retryAfter! - 1_000).toBeCloseTo(60_000 * (needed / asked - 1), -3);
  });

  it('is told when it has starved where that is sooner', () => {
    const driver = scarce(aDriver(100));
    const { retryAfter } = driver.refusalOf(driver.resolve('x'));
    expect(retryAfter).toBe(120_000 + 1_000);
  });
});

describe('why a model is nowhere while load slots are scarce', () => {
  it('is told in numbers, and how long one who came now would wait', () => {
    const driver = scarce(aDriver(10));
    for (let asked = 0; asked < 14; asked += 1) driver.resolve('x', HASTY);
    const { demand, predictedWait } = whyOf(driver.fleet, 'x' as ModelId, driver.now);
    const needed = 3 * (9 + Math.exp(-1));
    expect(demand.cost).toMatchObject({ slotsTaken: 1, asked: 14 + 1 + 4 });
    expect(demand.cost!.needed).toBeCloseTo(needed, 9);
    expect(predictedWait).toBeCloseTo(60_000 * (needed / 14 - 1) + 1_000, 6);
  });

  it('is told so of none that is there, nor of any while they are plenty', () => {
    const driver = aDriver(10);
    expect(whyOf(driver.fleet, 'x' as ModelId, driver.now).demand.cost).toBeNull();
    scarce(driver);
    expect(whyOf(driver.fleet, 'hot' as ModelId, driver.now).demand.cost).toBeNull();
  });
});

describe('while slots are not scarce', () => {
  it('others leave for whoever asks', () => {
    const driver = aDriver(1_000);
    driver.fleet.slotUse = { lately: 0.59, taken: 0.59, at: driver.now };
    expect(driver.answerTo(driver.resolve('x'))).toBe('waiting');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load hot@s', 'unload hot@s', 'load x@s']);
  });
});
