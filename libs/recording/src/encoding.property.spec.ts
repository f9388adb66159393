import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromJson, toJson } from './encoding.js';

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.double(),
    fc.string(),
    fc.boolean(),
    fc.constantFrom(null, Infinity, -Infinity, NaN, '__proto__', 'Infinity'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$map', '$set', '$number', '$object', '$')),
      tie('value'),
      {
        maxKeys: 3,
      },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 4 }).map((members) => new Set(members)),
  ),
}));

describe('values as JSON', () => {
  it('come back as they were, in their order', () => {
    fc.assert(
      fc.property(value, (one) => {
        const there = toJson(one);
        const back = fromJson(there);
        expect(toJson(back)).toBe(there);
        expect(shown(back)).toBe(shown(one));
      }),
    );
  });

  it('stay as they are where they are no proper encoding', () => {
    for (const odd of [{ $map: 5 }, { $set: {} }, { $number: 'constructor' }, { $map: [], $set: [] }]) {
      expect(fromJson(JSON.stringify(odd))).toEqual(odd);
    }
  });
});

/** As text: fast-check makes some objects without a prototype; and -0 is 0 in JSON, as it is with `===`. */
const shown = (one: unknown): string =>
  fc
    .stringify(one)
    .replaceAll(/__proto__:null,?/g, '')
    .replaceAll('-0', '0');
