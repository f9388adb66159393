import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Bits64, compareBits, fmix64, fnv1a64 } from './hash64.js';

const hex = ({ high, low }: Bits64): string =>
  [high, low].map((half) => half.toString(16).padStart(8, '0')).join('');
const bitsOf = (value: bigint): Bits64 => ({
  high: Number(value >> 32n),
  low: Number(value & 0xffff_ffffn),
});

/** The same by the book. */
const fnvOf = (text: string): bigint =>
  Buffer.from(text).reduce(
    (hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n),
    0xcbf29ce484222325n,
  );
const mixOf = (bits: bigint): bigint => {
  const once = BigInt.asUintN(64, (bits ^ (bits >> 33n)) * 0xff51afd7ed558ccdn);
  const twice = BigInt.asUintN(64, (once ^ (once >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return twice ^ (twice >> 33n);
};

const texts = fc.string({ unit: 'binary' });
const numbers = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('a hash of 64 bits', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('is FNV-1a as published: of %j', (text, hash) => {
    expect(hex(fnv1a64(text))).toBe(hash);
  });

  it('is that of the UTF-8 of any text, whole or one part after another', () => {
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        const whole = hex(bitsOf(fnvOf(one + other)));
        expect([hex(fnv1a64(one + other)), hex(fnv1a64(other, fnv1a64(one)))]).toEqual([whole, whole]);
      }),
    );
    expect(fnv1a64('\ud800')).toEqual(fnv1a64('\ufffd'));
  });

  it('is mixed as MurmurHash3 does it', () => {
    expect(hex(fmix64({ high: 0, low: 1 }))).toBe('b456bcfc34c2cb2c');
    fc.assert(
      fc.property(numbers, (bits) => expect(hex(fmix64(bitsOf(bits)))).toBe(hex(bitsOf(mixOf(bits))))),
    );
  });

  it('is compared without a sign', () => {
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        expect(Math.sign(compareBits(bitsOf(one), bitsOf(other)))).toBe(
          Number(one > other) - Number(one < other),
        );
      }),
    );
  });
});

describe('the hash of an affinity key', () => {
  const told = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
  const row = /^\| `([^`]+)` +\| `([^`]+)` +\| `([^`]+)` +\| `([0-9a-f]{16})` +\|$/gm;
  const vectors = Array.from(told.matchAll(row), ([, ...cells]) => cells);

  it('is the one that docs/api.md tells others', () => {
    expect(vectors).toEqual([
      ['user-1', 'resnet50', 'triton-a', '1c71a66de4c7e27e'],
      ['user-1', 'resnet50', 'triton-b', '897ab9245b8c4ef8'],
      ['user-1', 'resnet50', 'triton-c', 'c725f732cdd76edc'],
      ['user-2', 'resnet50', 'triton-a', 'b301a7164dc22323'],
      ['Zürich €', 'resnet50', 'triton-a', '5b0d7c8765c82db4'],
      ['🦊🦊', 'resnet50', 'triton-a', 'c24f26eb68ee18b3'],
    ]);
    for (const [key, model, server, hash] of vectors)
      expect(hex(fmix64(fnv1a64([key, model, server].join('\0'))))).toBe(hash);
  });
});
