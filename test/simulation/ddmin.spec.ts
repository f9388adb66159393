import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ddmin, Tries } from './ddmin.js';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
const needs =
  (...wanted: readonly number[]) =>
  (left: readonly number[]): Promise<boolean> =>
    Promise.resolve(wanted.every((one) => left.includes(one)));

describe('ddmin', () => {
  it('leaves the one item that does it, in few tries', async () => {
    const tries = new Tries(1_000);
    expect(await ddmin(upTo(1_000), needs(377), tries)).toEqual([377]);
    expect(tries.used).toBeLessThan(30);
  });

  it('leaves items that only do it together, in their order', async () => {
    expect(await ddmin(upTo(200), needs(180, 3, 77), new Tries(1_000))).toEqual([3, 77, 180]);
  });

  it('leaves nothing where nothing is needed', async () => {
    expect(await ddmin(upTo(50), needs(), new Tries(1_000))).toEqual([]);
  });

  it('ends with what it has when the tries are used up', async () => {
    const tries = new Tries(5);
    const left = await ddmin(upTo(100), needs(99), tries);
    expect(tries.used).toBe(5);
    expect(left).toContain(99);
    expect(left.length).toBeLessThan(100);
  });

  it('ends when it may not go on', async () => {
    let asked = 0;
    const tries = new Tries(1_000, () => ++asked <= 3);
    await ddmin(upTo(100), needs(1, 50, 99), tries);
    expect(tries.used).toBe(3);
  });

  it('leaves nothing that could go alone, whatever is looked for', async () => {
    const subsets = fc.array(fc.uniqueArray(fc.nat(39), { maxLength: 6 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(subsets, async (groups) => {
        // It shows where any one of the groups is there as a whole.
        const shows = (left: readonly number[]): Promise<boolean> =>
          Promise.resolve(groups.some((group) => group.every((one) => left.includes(one))));
        const left = await ddmin(upTo(40), shows, new Tries(10_000));
        expect(await shows(left)).toBe(true);
        for (const one of left) expect(await shows(left.filter((other) => other !== one))).toBe(false);
      }),
    );
  });
});
