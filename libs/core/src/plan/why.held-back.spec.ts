import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { evicted } from '../../../../test/support/evicted.js';
import { type Model, type ModelId, type Why, whyOf } from '../index.js';

const why = (driver: CoreDriver, model: string): Why =>
  whyOf(driver.fleet, model as ModelId, new Now(driver.now));

const both = (verdict: string, until: number | null) => ({ verdict, until, devices: [{ verdict, until }] });

describe('a model that is not loaded though there may be room', () => {
  /** An earlier life measured `m` at 9 of the 4 that it may take; `top` is made of it. */
  function quarantined(parts: Partial<Model> = {}): CoreDriver {
    const driver = new CoreDriver();
    driver.tell({
      kind: 'FootprintRemembered',
      model: 'm' as ModelId,
      footprint: { peak: 9, times: 1, latest: [9, 9] },
    });
    return driver
      .declare(
        aModel('m', { gpuBytes: 4, onLimitExceeded: 'quarantine', ...parts }),
        aModel('top', { gpuBytes: 1, dependsOn: ['m' as ModelId] }),
      )
      .serve(aServer('s', [20]), ['m', 'top']);
  }

  it('is told to be quarantined, and so is what is made of it', () => {
    const driver = quarantined();
    for (const model of ['m', 'top']) {
      expect(why(driver, model)).toMatchObject({
        there: [both('quarantined', null)],
        predictedWait: null,
      });
    }
  });

  it('is not, once an admin ordered its load or it may take so much', () => {
    expect(why(quarantined({ onLimitExceeded: 'warn' }), 'm').there).toMatchObject([both('room', null)]);
    const driver = quarantined();
    driver.tell({ kind: 'LoadOrdered', model: 'm' as ModelId, until: driver.now + 60_000 });
    expect(why(driver, 'm').there).toMatchObject([{ verdict: 'holds', until: null }]);
    expect(why(driver, 'top').there).toMatchObject([both('room', null)]);
  });
});

describe('a model for which as many requests wait as may', () => {
  it('is told to refuse the next one', () => {
    const coldStart = { policy: 'queue', maxQueue: 1, maxWait: 600_000, loadWhenShed: false } as const;
    const driver = new CoreDriver().declare(
      aModel('x', { minResidency: 60_000 }),
      aModel('m', { coldStart }),
    );
    driver.serve(aServer('s', [4]), ['x', 'm']).warm('x', 's');
    driver.resolve('m', { wait: 600_000 });
    expect(why(driver, 'm')).toMatchObject({ refusal: 'queue_full', predictedWait: null });
    expect(driver.answerTo(driver.resolve('m', { wait: 600_000 }))).toBe('queue_full');
  });
});

describe('a model that is not loaded since the fleet is frozen', () => {
  it('is told so, with the room there is, and no time', () => {
    const driver = new CoreDriver();
    driver.declare(aModel('m', { gpuBytes: 4 }), aModel('big', { gpuBytes: 40 }));
    driver.serve(aServer('s', [20]), ['m', 'big']);
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    driver.resolve('m');
    const frozen = why(driver, 'm');
    expect(frozen).toMatchObject({ there: [both('frozen', null)], predictedWait: null });
    expect(frozen.there[0]!.places).toMatchObject([{ verdict: 'room' }]);
    expect(frozen.demand.wait).toMatchObject({ phase: 'waiting', eta: null });
    expect(why(driver, 'big').there).toMatchObject([both('too_small', null)]);
    driver.tell({ kind: 'FreezeEnded' });
    expect(why(driver, 'm').demand.wait).toMatchObject({
      phase: 'loading',
      eta: { p50: 10_000, p90: 15_000 },
    });
  });

  it('goes on with a load that was on its way, and says when that should end', () => {
    const driver = new CoreDriver();
    driver.declare(aModel('m', { gpuBytes: 4 })).serve(aServer('s', [20]), ['m']);
    driver.resolve('m');
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    expect(why(driver, 'm')).toMatchObject({
      predictedWait: 10_000,
      demand: { wait: { eta: { p50: 10_000 } } },
    });
  });
});

describe('a device that has had its evictions of a minute', () => {
  /** `a` is idle again. */
  function idleAfterEviction(): CoreDriver {
    const driver = evicted({ loadsPerDevicePerMinute: 1, starvation: 30_000 });
    driver.pass(12_000);
    return driver;
  }

  it('is told to have none left, until when, and what would leave then', () => {
    const driver = idleAfterEviction();
    const [eviction] = driver.fleet.evictions.values();
    const until = eviction![0]! + 60_000;
    const { there, predictedWait } = why(driver, 'b');
    expect(there).toMatchObject([both('swaps_spent', until)]);
    expect(there[0]!.places).toMatchObject([{ verdict: 'swaps_spent', until, victims: ['a@s'] }]);
    expect(predictedWait).toBeGreaterThanOrEqual(until - driver.now);
    expect(why(driver, 'small').there).toMatchObject([both('room', null)]);
    driver.pass(until - driver.now);
    expect(why(driver, 'b').there).toMatchObject([both('room_by_eviction', null)]);
  });

  it('makes others leave for a starving model all the same', () => {
    const driver = idleAfterEviction();
    driver.resolve('b');
    for (const times of [driver.fleet.wantedSince, driver.fleet.awaitedSince])
      times.set('b' as ModelId, driver.now - 30_000);
    expect(why(driver, 'b').there).toMatchObject([both('room_by_eviction', null)]);
  });

  it('is a cooldown until that ends, where the load failed', () => {
    const driver = idleAfterEviction();
    driver.resolve('small');
    driver.loadEnds('small', 's', 'capacity');
    driver.pass(500);
    const { there } = why(driver, 'small');
    expect(there).toMatchObject([both('cooling_down', there[0]!.cooldown!.until)]);
  });
});

describe('a place that is kept for the pin of another model', () => {
  it('is told so of a model that a pin lacks, and is room for any other', () => {
    const parts = { gpuBytes: 8, pinnedCopies: 1 };
    const [kept, pin] = [aModel('kept', { ...parts, require: { zone: 'a' } }), aModel('pin', parts)];
    const driver = new CoreDriver();
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    driver.declare(kept, pin, aModel('other', { gpuBytes: 8 }));
    for (const [name, zone] of [
      ['s', 'a'],
      ['t', 'b'],
    ] as const)
      driver.serve(aServer(name, [10], { labels: { zone } }), ['kept', 'pin', 'other']);
    const verdicts = (model: string) =>
      why(driver, model).there.map(({ places }) => places.map(({ verdict }) => verdict));
    expect(verdicts('pin')).toEqual([['kept_for_pin'], ['room']]);
    expect(verdicts('kept')).toEqual([['room'], []]);
    expect(verdicts('other')).toEqual([['room'], ['room']]);
  });
});
