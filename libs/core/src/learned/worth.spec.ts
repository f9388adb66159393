import { describe, expect, it } from '@jest/globals';
import { aModel, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../fleet/ids.js';
import { countAsks } from './demand.js';
import { worthKey, worthOf, worthOfWaiting } from './worth.js';

const [A, B] = ['a', 'b'] as ModelId[] as [ModelId, ModelId];

/** Two models of which loads take 6 s and 30 s. */
const two = (): CoreDriver =>
  new CoreDriver()
    .declare(aModel('a'), aModel('b'), aModel('c'))
    .loadsTake('a', 6_000)
    .loadsTake('b', 30_000);

function ask({ fleet, now }: CoreDriver, model: ModelId, requests: number): void {
  countAsks(fleet, model, requests, now);
}

const worth = ({ fleet, now }: CoreDriver, model: ModelId): number => worthOf(fleet, model, now);

describe('what it is worth that a model is warm', () => {
  it('is its requests of a minute by the seconds of its load', () => {
    const driver = two();
    ask(driver, A, 20);
    ask(driver, B, 4);
    expect([worth(driver, A), worth(driver, B)]).toEqual([expect.closeTo(2, 9), expect.closeTo(2, 9)]);
  });

  it('is nothing of a model that nothing asks for', () => {
    expect(worth(two(), A)).toBe(0);
  });

  it('is by a load of 10 s where none was seen', () => {
    const driver = two();
    ask(driver, 'c' as ModelId, 6);
    expect(worth(driver, 'c' as ModelId)).toBeCloseTo(1, 9);
  });

  it('falls to 1/e in a minute without requests', () => {
    const driver = two();
    ask(driver, A, 20);
    driver.now += 60_000;
    expect(worth(driver, A)).toBeCloseTo(2 / Math.E, 9);
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

  it('grows by one for each second that a request waits', () => {
    expect(worthOfWaiting(2_500)).toBe(2.5);
  });
});
