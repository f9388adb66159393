import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { problemOf } from './problem.js';
import { hintOf } from './retry-hint.js';
import { rpcErrorOf } from './rpc-error.js';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const prediction = fc.double({ min: 0, max: 1e7, noNaN: true });

/** Evenly over all that chance may say. */
const CHANCES = Array.from({ length: 200 }, (_, nth) => nth / 200);

describe('a retry hint', () => {
  it('lies between 1 and 60 seconds, and is whole seconds', () => {
    fc.assert(
      fc.property(prediction, chance, (predicted, random) => {
        const seconds = hintOf(predicted, () => random) / 1_000;
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('never sends a caller back before the prediction, where that is 2 s within the bound', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 58_000, noNaN: true }), chance, (predicted, random) => {
        expect(hintOf(predicted, () => random)).toBeGreaterThanOrEqual(predicted);
      }),
    );
  });

  it.each([0, 1_000, 2_000, 3_000, 4_000, 5_500, 30_000, 58_000, 60_000, 3_600_000, Infinity])(
    'is spread over 2 s at least, each second as often, where %d ms are predicted',
    (predicted) => {
      const times = new Map<number, number>();
      for (const one of CHANCES) {
        const { headers } = problemOf({ reason: 'loading', retryAfter: predicted }, '/', () => one);
        const told = Number(headers['retry-after']);
        times.set(told, (times.get(told) ?? 0) + 1);
      }
      const told = [...times.keys()];
      expect(Math.max(...told) - Math.min(...told)).toBeGreaterThanOrEqual(2);
      const often = [...times.values()];
      expect(Math.max(...often) - Math.min(...often)).toBeLessThanOrEqual(1);
    },
  );

  it('is spread wider for long waits', () => {
    const told = CHANCES.map((one) => hintOf(40_000, () => one));
    expect([Math.min(...told), Math.max(...told)]).toEqual([40_000, 50_000]);
  });

  it('is the same over HTTP and gRPC', () => {
    for (const one of CHANCES) {
      const facts = { reason: 'loading', retryAfter: 2_500 } as const;
      const { headers, body } = problemOf(facts, '/', () => one);
      const pushback = Number(rpcErrorOf(facts, () => one).metadata!.get('grpc-retry-pushback-ms')[0]);
      expect([Number(headers['retry-after']) * 1_000, body['retryAfterMs']]).toEqual([pushback, pushback]);
    }
  });
});
