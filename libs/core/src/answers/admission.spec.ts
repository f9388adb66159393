import { describe, expect, it } from '@jest/globals';
import { aModel, aRequest, aServer, type CoreDriver } from '../../../../test/support/core-driver.js';
import { busy, foreseen, loadAll, NAMES, promised, unseen } from '../../../../test/support/one-load-slot.js';
import type { ModelId, RequestId } from '../fleet/ids.js';

const coldStart = { policy: 'queue', maxQueue: 100, maxWait: 600_000, loadWhenShed: false } as const;

describe('a request for a cold model', () => {
  it('is promised it where its load ends in time, behind those that go first', () => {
    const driver = busy();
    const request = driver.resolve('b', { wait: 16_000 });
    expect([driver.answerTo(request), promised(driver, request)]).toEqual(['waiting', 16_000]);
    loadAll(driver);
    expect(driver.answerTo(request)).toBe('t');
  });

  it('is promised it where its load is under way and ends in time', () => {
    const driver = busy();
    driver.pass(3_000);
    expect(promised(driver, driver.resolve('first', { wait: 5_000 }))).toBe(5_000);
    expect(driver.refusalOf(driver.resolve('first', { wait: 3_000 }))).toEqual({
      reason: 'deadline_unreachable',
      retryAfter: 2_000,
    });
  });

  it('is judged by the P90 of its load, and so is the hint', () => {
    const driver = unseen();
    const anywhere = { mean: Math.log(8_000), deviation: 0.2, count: 8 };
    driver.tell({ kind: 'LoadTimesRemembered', model: 'b' as ModelId, anywhere, on: [] });
    const p90 = Math.round(8_000 * Math.exp(0.32 * Math.sqrt(1 + 1 / 8)));
    const late = driver.resolve('b', { wait: 9_000 });
    expect(driver.refusalOf(late)).toEqual({ reason: 'deadline_unreachable', retryAfter: p90 - 9_000 });
    const request = driver.resolve('b', { wait: 12_000 });
    expect(promised(driver, request)).toBe(p90);
  });
});

describe('a request with an earlier deadline than those for other models', () => {
  it('moves the job of its model forward, where that breaks no promise', () => {
    const driver = busy();
    const b = driver.resolve('b', { wait: 25_000 });
    const c = [26_000, 24_500].map((wait) => driver.resolve('c', { wait }));
    expect([b, ...c].map((request) => promised(driver, request))).toEqual([16_000, 24_000, 16_000]);
    expect(loadAll(driver)).toEqual(['first', 'c', 'b']);
  });

  it('does not push back a promise that is late already', () => {
    const driver = busy();
    const anywhere = { mean: Math.log(8_000), deviation: 0.2, count: 8 };
    driver.tell({ kind: 'LoadTimesRemembered', model: 'b' as ModelId, anywhere, on: [] });
    const b = driver.resolve('b', { wait: 19_500 });
    driver.pass(9_500);
    const c = driver.resolve('c', { wait: 9_900 });
    expect([b, c].map((request) => driver.answerTo(request))).toEqual(['waiting', 'deadline_unreachable']);
  });
});

describe('a request without a forecast', () => {
  it.each<[string, () => CoreDriver]>([
    ['no load was ever seen', unseen],
    [
      'the fleet is frozen',
      () => {
        const driver = foreseen();
        driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
        return driver;
      },
    ],
    [
      'its load has overrun',
      () => {
        const driver = foreseen();
        driver.resolve('b');
        driver.pass(8_001);
        return driver;
      },
    ],
    [
      'the server that has it is away',
      () => {
        const driver = foreseen().warm('b', 't');
        driver.tell({ kind: 'ContactChanged', server: aServer('t').id, fact: 'ended' });
        return driver;
      },
    ],
  ])('waits and is promised nothing: %s', (_, prepare) => {
    const driver = prepare();
    const request = driver.resolve('b', { wait: 5_000 });
    expect([driver.answerTo(request), promised(driver, request)]).toEqual(['waiting', null]);
  });

  it('delays no promise', () => {
    const driver = unseen().loadsTake('first', 8_000);
    driver.resolve('first');
    const unpromised = driver.resolve('d');
    driver.loadsTake('b', 8_000);
    const request = driver.resolve('b', { wait: 16_000 });
    expect([promised(driver, unpromised), promised(driver, request)]).toEqual([null, 16_000]);
    expect(loadAll(driver)).toEqual(['first', 'b', 'd']);
  });

  it('delays none by an earlier deadline of its own', () => {
    const driver = unseen().loadsTake('first', 8_000);
    driver.resolve('first');
    driver.resolve('d', { wait: 15_000 });
    driver.loadsTake('b', 8_000).resolve('b', { wait: 16_000 });
    driver.pass(7_900);
    driver.loadEnds('first', 't');
    expect([driver.isLoading('b', 't'), driver.isLoading('d', 't')]).toEqual([true, false]);
  });
});

describe('a request that cannot be promised its model', () => {
  it('is told when one with the same wait would be promised', () => {
    const driver = busy();
    for (const [wait, retryAfter] of [
      [7_000, 9_000],
      [10_000, 6_000],
      [15_500, 1_000],
    ] as const)
      expect(driver.refusalOf(driver.resolve('b', { wait }))).toEqual({
        reason: 'deadline_unreachable',
        retryAfter,
      });
    driver.pass(6_000);
    expect(promised(driver, driver.resolve('b', { wait: 10_000 }))).toBe(10_000);
  });

  it('leaves best-effort demand where its model says so, and else nothing', () => {
    const driver = busy(aModel('c', { coldStart }));
    for (const model of ['b', 'c'])
      expect(driver.answerTo(driver.resolve(model, { wait: 1_000 }))).toBe('deadline_unreachable');
    expect([...driver.fleet.bestEffort.keys()]).toEqual(['b']);
    expect(loadAll(driver)).toEqual(['first', 'b']);
  });

  it('is refused rather than break a promise, though its deadline is earlier', () => {
    const driver = busy();
    const kept = driver.resolve('b', { wait: 17_000 });
    expect(driver.refusalOf(driver.resolve('c', { wait: 16_000 }))).toEqual({
      reason: 'deadline_unreachable',
      retryAfter: 8_000,
    });
    loadAll(driver);
    expect(driver.answerTo(kept)).toBe('t');
  });
});

describe('a job that joins the line', () => {
  it('goes before those with later deadlines whose promises hold all the same', () => {
    const driver = busy();
    const later = driver.resolve('b', { wait: 24_000 });
    const sooner = driver.resolve('c', { wait: 16_000 });
    expect(loadAll(driver)).toEqual(['first', 'c', 'b']);
    expect([later, sooner].map((one) => driver.answerTo(one))).toEqual(['t', 't']);
  });

  it('takes the time of a lower class, which waits on', () => {
    const driver = busy();
    const lower = driver.resolve('b', { wait: 16_000 });
    const higher = driver.resolve('c', { wait: 16_000, class: 'critical' });
    expect([driver.answerTo(lower), driver.answerTo(higher)]).toEqual(['waiting', 'waiting']);
    expect(promised(driver, higher)).toBe(16_000);
    driver.loadEnds('first', 't');
    expect(driver.isLoading('c', 't')).toBe(true);
  });

  it('takes the latest time of a tenant over its part, which is told so at once', () => {
    const driver = busy();
    const [kept, displaced] = ['b', 'c'].map((name) =>
      driver.resolve(name, { wait: 24_000, tenant: 'flood' }),
    );
    const quiet = driver.resolve('d', { wait: 16_000, tenant: 'quiet' });
    expect(promised(driver, quiet)).toBe(16_000);
    expect(driver.refusalOf(displaced!)).toEqual({ reason: 'over_share', retryAfter: 8_000 });
    expect(loadAll(driver).slice(0, 3)).toEqual(['first', 'd', 'b']);
    expect(driver.answerTo(kept!)).toBe('t');
  });

  it('is one of two in a turn that take the same time: whoever loses it is told so once', () => {
    const driver = busy();
    const anywhere = { mean: Math.log(8_000), deviation: 0.4, count: 8 };
    driver.tell({ kind: 'LoadTimesRemembered', model: 'c' as ModelId, anywhere, on: [] });
    const displaced = driver.resolve('c', { wait: 24_000, tenant: 'flood' });
    const { now } = driver;
    const arrives = (model: string, tenant: string, wait: number) => {
      const request = aRequest(tenant, model, now, { tenant, wait });
      return { kind: 'RequestArrived', request } as const;
    };
    const actions = driver.tell(arrives('d', 'quiet', 16_000), arrives('b', 'other', 24_000));
    expect(actions.filter(({ kind }) => kind === 'refuse')).toHaveLength(1);
    expect(driver.answerTo(displaced)).toBe('over_share');
  });

  it('takes no time of a tenant that is under its part', () => {
    const driver = busy();
    driver.resolve('b', { wait: 16_000, tenant: 'quiet' });
    expect(driver.answerTo(driver.resolve('c', { wait: 16_000, tenant: 'other' }))).toBe(
      'deadline_unreachable',
    );
  });
});

describe('a request of a lower class that comes with one of a higher class', () => {
  const together = (wait: number) => {
    const driver = busy();
    const { now } = driver;
    const actions = driver.tell(
      { kind: 'RequestArrived', request: aRequest('low', 'b', now, { wait }) },
      { kind: 'RequestArrived', request: aRequest('high', 'c', now, { wait: 60_000, class: 'critical' }) },
    );
    return { driver, refused: actions.filter(({ kind }) => kind === 'refuse') };
  };

  it('is promised the time behind it', () => {
    const { driver } = together(60_000);
    expect(['low', 'high'].map((one) => promised(driver, one))).toEqual([24_000, 16_000]);
  });

  it('is refused where that is too late, with a hint of that time', () => {
    const refusal = { reason: 'deadline_unreachable', retryAfter: 4_000 };
    expect(together(20_000).refused).toEqual([{ kind: 'refuse', request: 'low', refusal }]);
  });
});

describe('a request that finds a job of its model in line', () => {
  it('joins it where that is in time, and its place and what was charged for it stay', () => {
    const driver = busy();
    const first = driver.resolve('b', { wait: 16_000, tenant: 'x' });
    driver.resolve('c', { wait: 30_000, tenant: 'x' });
    const charges = new Map(driver.fleet.charges);
    const joining = driver.resolve('b', { wait: 20_000, tenant: 'y' });
    expect(promised(driver, joining)).toBe(16_000);
    expect(driver.fleet.charges).toEqual(charges);
    expect(loadAll(driver)).toEqual(['first', 'b', 'c']);
    expect([first, joining].map((one) => driver.answerTo(one))).toEqual(['t', 't']);
  });

  it('moves it forward where it is not in time and no promise breaks by that', () => {
    const driver = busy();
    for (const name of ['b', 'c']) driver.resolve(name, { wait: 30_000 });
    expect(promised(driver, driver.resolve('c', { wait: 16_000 }))).toBe(16_000);
    expect(driver.answerTo(driver.resolve('b', { wait: 16_000 }))).toBe('deadline_unreachable');
    expect(loadAll(driver)).toEqual(['first', 'c', 'b']);
  });
});

describe('a request for a model that is being loaded', () => {
  it('stands in line as well where the server of that load drains', () => {
    const driver = foreseen().serve(aServer('u', [4]), NAMES);
    driver.tell({ kind: 'DrainOrdered', server: aServer('t').id, deadline: null });
    driver.warm('b', 'u').pass(120_000);
    driver.tell({ kind: 'DrainEnded', server: aServer('t').id });
    const first = driver.resolve('first');
    expect(driver.isLoading('first', 't')).toBe(true);
    driver.tell({ kind: 'RequestCancelled', request: first as RequestId });
    driver.tell({ kind: 'DrainOrdered', server: aServer('t').id, deadline: null });
    const next = driver.resolve('first');
    expect(promised(driver, next)).toBe(7_999);
    driver.pass(1_000);
    expect(driver.isLoading('first', 'u')).toBe(true);
  });
});
