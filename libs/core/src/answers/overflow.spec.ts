import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';

const NAMES = ['a', 'b', 'c'];

/** Three models that are not there, one of which so many may wait for. */
const aDriver = (maxQueue = 100): CoreDriver =>
  new CoreDriver()
    .declare(
      ...NAMES.map((name) =>
        aModel(name, { coldStart: { policy: 'queue', maxQueue, maxWait: 60_000, loadWhenShed: true } }),
      ),
    )
    .serve(aServer('t'), NAMES);

const boundAll = (driver: CoreDriver, globalQueue: number): CoreDriver => {
  const { limits, defaults } = driver.fleet;
  driver.tell({ kind: 'LimitsSet', limits: { ...limits, globalQueue }, defaults });
  return driver;
};

/** Some ask for the first model, one after the other: `tenant class`, the class `default` where it is left out. */
const ask = (driver: CoreDriver, ...requestRates: readonly string[]): string[] =>
  requestRates.map((one) => {
    const [tenant, rank = 'default'] = one.split(' ');
    return driver.resolve('a', { tenant: tenant!, class: rank as 'default' });
  });

const answers = (driver: CoreDriver, requests: readonly string[]): string[] =>
  requests.map((request) => driver.answerTo(request));

describe('a queue that is full', () => {
  it.each([
    { passed: 0, retryAfter: 15_000 },
    { passed: 4_000, retryAfter: 11_000 },
    { passed: 14_500, retryAfter: 1_812.5 },
    { passed: 16_000, retryAfter: 2_000 },
  ])('says after $passed ms of a load that the model is likely there in $retryAfter ms', (after) => {
    const driver = aDriver(1);
    driver.resolve('a');
    driver.pass(after.passed);
    const { retryAfter } = after;
    expect(driver.refusalOf(driver.resolve('a'))).toEqual({ reason: 'queue_full', retryAfter });
  });

  it('refuses no request for another model', () => {
    const driver = aDriver(1);
    driver.resolve('a');
    expect(driver.answerTo(driver.resolve('b'))).toBe('waiting');
  });

  it('may be that of all models together', () => {
    const driver = boundAll(aDriver(), 2);
    const requests = NAMES.map((name) => driver.resolve(name));
    expect(answers(driver, requests)).toEqual(['waiting', 'waiting', 'queue_full']);
  });

  it('refuses the request that came last where the bound falls', () => {
    const driver = aDriver();
    const requests = NAMES.map((name) => driver.resolve(name));
    boundAll(driver, 2);
    expect(answers(driver, requests)).toEqual(['waiting', 'waiting', 'queue_full']);
  });
});

describe('of a queue over its bound', () => {
  it('the newest of the lowest class leaves', () => {
    const driver = aDriver(3);
    const requests = ask(driver, 'x sheddable', 'x', 'x sheddable', 'x critical');
    expect(answers(driver, requests)).toEqual(['waiting', 'waiting', 'queue_full', 'waiting']);
  });

  it('the latest request leaves where none is of a lower class', () => {
    const driver = aDriver(2);
    const requests = ask(driver, 'x', 'x critical', 'x sheddable', 'x');
    expect(answers(driver, requests)).toEqual(['waiting', 'waiting', 'queue_full', 'queue_full']);
  });

  it('a request for another model leaves, where it is the queue of all', () => {
    const driver = boundAll(aDriver(), 1);
    const lower = driver.resolve('b', { class: 'sheddable' });
    expect(driver.answerTo(driver.resolve('a'))).toBe('waiting');
    expect(driver.answerTo(lower)).toBe('queue_full');
  });

  it('the tenant that has more than its share gives room to another', () => {
    const driver = aDriver(10);
    const flood = ask(driver, ...Array<string>(10).fill('x'));
    const others = ask(driver, ...Array<string>(6).fill('y'));
    expect(answers(driver, flood)).toEqual([
      ...Array<string>(5).fill('waiting'),
      ...Array<string>(5).fill('over_share'),
    ]);
    expect(answers(driver, others)).toEqual([...Array<string>(5).fill('waiting'), 'over_share']);
  });

  it('the tenant leaves that is furthest over its share', () => {
    const driver = aDriver(12);
    const requests = ask(driver, ...'xxxxxxyyyyyz'.split(''), 'z');
    expect(driver.answerTo(requests[5]!)).toBe('over_share');
    expect(answers(driver, requests).filter((one) => one === 'waiting')).toHaveLength(12);
  });

  it('the request that came last leaves where no tenant is over its share: four are no excess', () => {
    const driver = aDriver(5);
    const requests = ask(driver, ...'xxxxy'.split(''), 'y');
    expect(answers(driver, requests)).toEqual([...Array<string>(5).fill('waiting'), 'queue_full']);
  });

  it('the lower class leaves before the tenant that is over its share', () => {
    const driver = aDriver(8);
    const requests = ask(driver, ...Array<string>(7).fill('x'), 'y sheddable', 'x');
    expect(answers(driver, requests.slice(7))).toEqual(['queue_full', 'waiting']);
  });

  it('a tenant that fills it with a higher class is the first to lose what it has of a lower one', () => {
    const driver = aDriver(8);
    const requests = ask(driver, ...Array<string>(5).fill('x critical'), 'x', 'y', 'y', 'y');
    expect(answers(driver, requests.slice(5))).toEqual(['over_share', 'waiting', 'waiting', 'waiting']);
  });
});
