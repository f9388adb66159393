import type { LoadTimes } from '../fleet/kept.js';
import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { forecastOf, learnPace, learnTime, pooled, restOf, timesAt } from './load-times.js';

const HOUR = 3_600_000;

const took = fc.oneof(
  fc.double({ min: 0, max: 10 * HOUR, noNaN: true }),
  fc.integer({ min: 0, max: 100_000 }),
);
const bytes = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 43 }));

/** Between 0 and 1, evenly: `fc.double` draws all floating-point numbers alike, and most of those are tiny. */
const even = fc.integer({ min: 1, max: 2 ** 30 }).map((whole) => whole / 2 ** 30);

/** Draws of a standard normal variable, each out of two even ones, by Box and Muller. */
const draws = fc.noShrink(
  fc.array(
    fc.tuple(even, even).map(([one, other]) => Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other)),
    { minLength: 600, maxLength: 600 },
  ),
);

/** The standard deviation of the logarithm of times: at 0.5 two of three are within a factor of 1.65. */
const spread = fc.integer({ min: 50, max: 500 }).map((thousandths) => thousandths / 1_000);

const clamped = (time: number): number => Math.min(HOUR, Math.max(1, time));
const isNear = (value: number, wanted: number): boolean => value > wanted * 0.75 && value < wanted * 1.25;

describe('what is learned of load times', () => {
  it('stays within what was seen, with the P90 no sooner than the P50', () => {
    fc.assert(
      fc.property(fc.array(took, { minLength: 1, maxLength: 60 }), (times) => {
        let known: LoadTimes | undefined;
        for (const time of times) known = learnTime(known, time);
        const { p50, p90 } = forecastOf(known!);
        const seen = times.map(clamped);
        assert(Number.isFinite(known!.mean) && Number.isFinite(known!.deviation) && known!.deviation >= 0);
        assert(p50 >= Math.min(...seen) - 1 && p50 <= Math.max(...seen) + 1, `${p50} of ${seen.join()}`);
        assert(p50 <= p90 && p90 <= HOUR, `${p50}, ${p90}`);
      }),
    );
  });

  it('tells of any size, and of several servers together, a time from 1 ms to 1 h', () => {
    const load = fc.tuple(took, bytes);
    const server = fc.array(load, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(server, { minLength: 1, maxLength: 5 }), bytes, (servers, wanted) => {
        const paces = servers.map((loads) =>
          loads.reduce<LoadTimes | undefined>((pace, [time, size]) => learnPace(pace, time, size), undefined),
        );
        for (const pace of [...paces, pooled(paces as LoadTimes[])]) {
          const { p50, p90 } = forecastOf(timesAt(pace!, wanted));
          assert(p50 >= 1 && p50 <= p90 && p90 <= HOUR, `${p50}, ${p90}`);
        }
      }),
    );
  });

  it('leaves a load under way some time, and the less the longer it runs, until it has nearly outlasted that', () => {
    fc.assert(
      fc.property(took, took, took, (time, elapsed, later) => {
        const whole = forecastOf(learnTime(undefined, time));
        const { p50, p90 } = restOf(whole, elapsed);
        assert(p50 > 0 && p50 <= p90 && Number.isFinite(p90));
        const end = Math.min(elapsed, later) + restOf(whole, Math.min(elapsed, later)).p50;
        assert(Math.max(elapsed, later) + restOf(whole, Math.max(elapsed, later)).p50 >= end - 1e-6);
      }),
    );
  });

  it('comes to within a quarter of the true quantiles, on the average of what it tells from load to load', () => {
    const median = fc.integer({ min: 200, max: 60_000 });
    fc.assert(
      fc.property(median, spread, draws, (middle, sigma, stream) => {
        let known: LoadTimes | undefined;
        const told = stream.map((draw) => {
          known = learnTime(known, middle * Math.exp(sigma * draw));
          return forecastOf(known);
        });
        const late = told.slice(100);
        const mean = (pick: (one: (typeof late)[number]) => number): number =>
          late.reduce((sum, one) => sum + pick(one), 0) / late.length;
        const upper = middle * Math.exp(1.2816 * sigma);
        assert(
          isNear(
            mean(({ p50 }) => p50),
            middle,
          ),
          `P50 of ${middle}: ${mean(({ p50 }) => p50)}`,
        );
        assert(
          isNear(
            mean(({ p90 }) => p90),
            upper,
          ),
          `P90 of ${upper}: ${mean(({ p90 }) => p90)}`,
        );
      }),
      { unbiased: true },
    );
  });

  it('is over the next load about nine times of ten by the P90, and half of the times by the P50', () => {
    fc.assert(
      fc.property(spread, draws, (sigma, stream) => {
        let known: LoadTimes | undefined;
        let [byP50, byP90] = [0, 0];
        for (const draw of stream) {
          const time = 5_000 * Math.exp(sigma * draw);
          if (known && time <= forecastOf(known).p50) byP50 += 1;
          if (known && time <= forecastOf(known).p90) byP90 += 1;
          known = learnTime(known, time);
        }
        const share = (count: number): number => count / stream.length;
        assert(share(byP50) > 0.4 && share(byP50) < 0.6, `${share(byP50)}`);
        assert(share(byP90) > 0.8 && share(byP90) < 0.95, `${share(byP90)}`);
      }),
      { unbiased: true },
    );
  });
});
