import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faultIn } from './judge.js';

const DEEP = 'must be nested at most 64 deep';
const MANY = 'must have at most 10,000 entries';
const UNICODE = 'must be valid Unicode: UTF-8, without lone surrogates';

/** The value, and how often each thing in it was read. No recursion, as in the judge. */
function watched(root: unknown): { readonly value: unknown; readonly reads: () => readonly number[] } {
  const counts = new Map<string, number>();
  let holders = 0;
  const watch = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const holder = (holders += 1);
    for (const key of Object.keys(value)) counts.set(`${holder} ${key}`, 0);
    const get = (target: object, key: string): unknown => {
      const place = `${holder} ${key}`;
      if (!counts.has(place)) return Reflect.get(target, key);
      counts.set(place, counts.get(place)! + 1);
      return watch(Reflect.get(target, key));
    };
    return new Proxy(value, { get: (target, key) => get(target, String(key)) });
  };
  return { value: watch(root), reads: () => [...counts.values()] };
}

const nested = (depth: number, inner: unknown): unknown =>
  Array.from({ length: depth }).reduce<unknown>((within) => [within], inner);

describe('the judge of JSON', () => {
  it('reads each value once, and finds nothing in what JSON may say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (json) => {
        const { value, reads } = watched(json);
        expect(faultIn(value)).toBeUndefined();
        expect(reads().filter((count) => count !== 1)).toEqual([]);
      }),
    );
  });

  it('reads no value twice where it finds something, however deep that is', () => {
    fc.assert(
      fc.property(fc.nat(3_000), fc.nat(200), (depth, width) => {
        const wide = Array.from({ length: width }, (_, nth) => `${nth}`);
        const { value, reads } = watched(nested(depth, [...wide, '\ud800']));
        const at = Array.from({ length: Math.min(depth, 64) }, () => 0);
        expect(faultIn(value)).toEqual(
          depth >= 64 ? { at, rule: DEEP } : { at: [...at, width], rule: UNICODE },
        );
        expect(reads().filter((count) => count > 1)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('names the place', () => {
    const keys = Object.fromEntries(Array.from({ length: 10_001 }, (_, nth) => [`k${nth}`, 0]));
    expect(faultIn({ models: { m: keys } })).toEqual({ at: ['models', 'm'], rule: MANY });
    expect(faultIn({ a: [0, { b: '\udfff' }] })).toEqual({ at: ['a', 1, 'b'], rule: UNICODE });
    expect(faultIn({ a: { '\ud800': 1 } })).toEqual({ at: ['a'], rule: UNICODE });
    expect(faultIn(nested(64, 'x'))).toBeUndefined();
    expect(faultIn(nested(65, 'x'))).toMatchObject({ rule: DEEP });
  });
});
