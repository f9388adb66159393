import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Class, PressureLevel } from '../index.js';

const CLASSES: readonly Class[] = ['critical', 'default', 'sheddable'];

/** One model that is there and one that is not, for which so many may wait. */
function aDriver(maxQueue = 100): CoreDriver {
  const coldStart = { policy: 'queue', maxQueue, maxWait: 60_000, loadWhenShed: true } as const;
  const models = ['warm', 'cold'].map((name) => aModel(name, { coldStart }));
  return new CoreDriver()
    .declare(...models)
    .serve(aServer('s'), ['warm', 'cold'])
    .warm('warm', 's');
}

function press(driver: CoreDriver, level: PressureLevel): void {
  driver.now += 1;
  driver.tell({ kind: 'PressureChanged', level });
}

/** One of each class, or of these, asks for the model that is not there. */
const ask = (driver: CoreDriver, classes = CLASSES): string[] =>
  classes.map((one) => driver.resolve('cold', { class: one }));

const answers = (driver: CoreDriver, requests: readonly string[]): string[] =>
  requests.map((request) => driver.answerTo(request));

describe('under pressure', () => {
  it.each<{ level: PressureLevel; told: readonly string[] }>([
    { level: 'none', told: ['waiting', 'waiting', 'waiting'] },
    { level: 'high', told: ['waiting', 'waiting', 'queue_full'] },
    { level: 'severe', told: ['waiting', 'queue_full', 'queue_full'] },
    { level: 'extreme', told: ['waiting', 'queue_full', 'queue_full'] },
  ])('that is $level, requests for a cold model are shed by class', ({ level, told }) => {
    const driver = aDriver();
    press(driver, level);
    expect(answers(driver, ask(driver))).toEqual(told);
  });

  it('a shed request is told why, and when the model should be there', () => {
    const driver = aDriver().loadsTake('cold', 20_000);
    press(driver, 'severe');
    const { reason, detail, retryAfter } = driver.refusalOf(driver.resolve('cold'));
    expect({ reason, detail }).toEqual({ reason: 'queue_full', detail: 'pressure' });
    expect(retryAfter).toBeCloseTo(20_000);
  });

  it('no load is begun for a shed request', () => {
    const driver = aDriver();
    press(driver, 'severe');
    driver.resolve('cold');
    expect(driver.orders()).toEqual(['load warm@s']);
  });

  it('a request that waited before goes on waiting, also as it rises further', () => {
    const driver = aDriver();
    const before = ask(driver);
    press(driver, 'high');
    const between = ask(driver);
    press(driver, 'extreme');
    expect(answers(driver, before)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(answers(driver, between)).toEqual(['waiting', 'waiting', 'queue_full']);
  });

  it('to hear of it twice changes nothing', () => {
    const driver = aDriver();
    press(driver, 'high');
    const request = driver.resolve('cold');
    const { pressure } = driver.fleet;
    press(driver, 'high');
    expect(driver.fleet.pressure).toBe(pressure);
    expect(driver.answerTo(request)).toBe('waiting');
  });

  it('a request is routed at once where the model is there', () => {
    const driver = aDriver();
    press(driver, 'extreme');
    expect(driver.answerTo(driver.resolve('warm', { class: 'sheddable' }))).toBe('s');
  });

  it('what an admin orders is loaded as ever', () => {
    const driver = aDriver();
    press(driver, 'extreme');
    driver.tell({
      kind: 'LoadOrdered',
      model: driver.fleet.models.get('cold' as never)!.id,
      until: Infinity,
    });
    expect(driver.isLoading('cold', 's')).toBe(true);
  });
});

describe('the bounds', () => {
  it('shrink to the half under pressure, and requests over them leave: the lowest class first, then the newest', () => {
    const driver = aDriver(5);
    const requests = ask(driver, ['default', 'sheddable', 'critical', 'default', 'critical']);
    press(driver, 'high');
    expect(answers(driver, requests)).toEqual(['waiting', 'queue_full', 'waiting', 'queue_full', 'waiting']);
    expect(driver.fleet.waiting.size).toBe(3);
    press(driver, 'extreme');
    expect(driver.fleet.waiting.size).toBe(3);
  });

  it('hold for the critical, too', () => {
    const driver = aDriver(2);
    press(driver, 'high');
    expect(answers(driver, ask(driver, ['critical', 'critical']))).toEqual(['waiting', 'queue_full']);
  });

  it('let no request wait only where none may at other times', () => {
    const driver = aDriver(1);
    press(driver, 'extreme');
    expect(answers(driver, ask(driver, ['critical']))).toEqual(['waiting']);
    const { coldStart, ...rest } = aModel('cold');
    driver.declare({ ...rest, coldStart: { ...coldStart, maxQueue: 0 } });
    expect(answers(driver, ask(driver, ['critical']))).toEqual(['queue_full']);
  });

  it('grow back as it ends', () => {
    const driver = aDriver(4);
    press(driver, 'severe');
    const first = ask(driver, ['critical', 'critical', 'critical']);
    press(driver, 'none');
    const then = ask(driver, ['sheddable', 'default']);
    expect(answers(driver, [...first, ...then])).toEqual([
      'waiting',
      'waiting',
      'queue_full',
      'waiting',
      'waiting',
    ]);
  });

  it('are the half for all models together as well, and for shares', () => {
    const driver = aDriver();
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits: { ...limits, globalQueue: 20 }, defaults });
    const of = (tenant: string) => (): string => driver.resolve('cold', { tenant });
    const [many, few] = [Array.from({ length: 12 }, of('x')), Array.from({ length: 5 }, of('y'))];
    press(driver, 'high');
    expect(answers(driver, many).filter((one) => one === 'over_share')).toHaveLength(7);
    expect(answers(driver, few)).toEqual(Array(5).fill('waiting'));
  });
});
