import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../fleet/ids.js';
import { countRequests, demandKey, worthKey, worthOf } from './worth.js';

const [A, B, C] = ['a', 'b', 'c'] as ModelId[] as [ModelId, ModelId, ModelId];

/** Two models of which loads take 6 s and 30 s. */
const two = (): CoreDriver =>
  new CoreDriver()
    .declare(aModel('a'), aModel('b'), aModel('c'))
    .loadsTake('a', 6_000)
    .loadsTake('b', 30_000);

function ask({ fleet, now }: CoreDriver, model: ModelId, requests: number): void {
  countRequests(fleet, model, requests, now);
}

const worth = ({ fleet, now }: CoreDriver, model: ModelId): number => worthOf(fleet, model, new Now(now));

describe('how much a model is asked for, for each second of its load,', () => {
  const ratio = ({ fleet }: CoreDriver): number => Math.exp(demandKey(fleet, A) - demandKey(fleet, B));

  it('is its requests by the time of its load, and the less the longer ago they came', () => {
    const driver = two();
    ask(driver, A, 4);
    ask(driver, B, 4);
    expect(ratio(driver)).toBeCloseTo(5, 9);
    driver.now += 60_000;
    ask(driver, B, 4 * (1 - Math.exp(-1)));
    expect(ratio(driver)).toBeCloseTo(5 / Math.E, 9);
    expect(demandKey(driver.fleet, C)).toBe(-Infinity);
  });
});

describe('what it is worth that a model is warm', () => {
  it('is its requests of a second by its load, and by half a load for each that comes during it', () => {
    const driver = two();
    ask(driver, A, 20);
    ask(driver, B, 4);
    // Two come during a load of either: 1/3 x (6 + 2 x 3) and 1/15 x (30 + 2 x 15).
    expect([worth(driver, A), worth(driver, B)]).toEqual([expect.closeTo(4, 9), expect.closeTo(4, 9)]);
  });

  it('is nothing of a model that nothing asks for', () => {
    expect(worth(two(), A)).toBe(0);
  });

  it('is by loads of its size where it was never loaded, and by one of 10 s where nothing was', () => {
    const driver = two().serve(aServer('s', [10]), ['a', 'c']);
    ask(driver, C, 6);
    expect(worth(driver, C)).toBeCloseTo(1.5, 9);
    driver.resolve('a');
    driver.pass(2_000);
    driver.loadEnds('a', 's');
    ask(driver, C, 6 * (1 - Math.exp(-2 / 60)));
    expect(worth(driver, C)).toBeCloseTo(0.22, 9);
  });

  it('is in a minute without requests that of 1/e of them', () => {
    const driver = two();
    ask(driver, A, 20);
    driver.now += 60_000;
    expect(worth(driver, A)).toBeCloseTo((2 / Math.E) * (1 + 1 / Math.E), 9);
  });

  it('keeps its order while neither is asked for or loaded, however long that is', () => {
    const driver = two();
    ask(driver, A, 21);
    driver.now += 30_000;
    ask(driver, B, 2);
    const keys = [A, B].map((model) => worthKey(driver.fleet, model));
    const isMore = worth(driver, A) > worth(driver, B);
    expect(keys[0]! > keys[1]!).toBe(isMore);
    driver.now += 3_600_000;
    expect(worth(driver, A) > worth(driver, B)).toBe(isMore);
    expect([A, B].map((model) => worthKey(driver.fleet, model))).toEqual(keys);
  });
});
