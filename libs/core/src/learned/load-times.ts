import type { LoadTimes } from '../fleet/kept.js';
import type { Bytes, Millis } from '../fleet/model.js';

/** How long something should take: no longer than `p50` in half of the cases, and than `p90` in nine of ten. */
export interface Forecast {
  readonly p50: Millis;
  readonly p90: Millis;
}

/** The inverse gains of the mean and of the deviation. So many loads weigh alike before the older ones count for less. */
const MEMORY_OF_MEAN = 8;
const MEMORY_OF_DEVIATION = 4;

/**
 * How many mean deviations the P90 lies above the median. In a normal distribution the mean deviation is sqrt(2/pi) =
 * 0.80 of the standard deviation, and the P90 lies 1.28 standard deviations above the median: 1.28 / 0.80 = 1.6.
 */
const TO_P90 = 1.6;

/**
 * The mean of n loads is uncertain itself: the next one deviates from it by sqrt(1 + 1/n) of what loads deviate (the
 * prediction interval of a normal sample).
 */
const uncertainty = (count: number): number => Math.sqrt(1 + 1 / Math.max(1, count));

/** As long as one load was seen of any model, the next may take half as long again: a P90 of 1.5 times the P50. */
const FIRST_DEVIATION = Math.log(1.5) / TO_P90 / uncertainty(1);
/** Models of one size differ more than loads of one model: after the first load the P90 is 3 times the P50. */
const FIRST_DEVIATION_OF_PACE = Math.log(3) / TO_P90 / uncertainty(1);

const LEAST: Millis = 1;
const MAX_LOAD: Millis = 3_600_000;
/** A load that has outlasted its forecast is expected to run for this share of its time, and for so long at least. */
const REST_SHARE = 1 / 8;
const SHORTEST_REST: Millis = 250;

const GIB: Bytes = 2 ** 30;
/** What does not grow with the model (a process, a context, kernels) takes about as long as 2 GiB of weights. */
const FIXED: Bytes = 2 * GIB;

/** How long a load should take before any was seen. */
export const FIRST_LOAD_GUESS: LoadTimes = { mean: Math.log(10_000), deviation: FIRST_DEVIATION, count: 0 };

/** What is known after one more load, the first of which deviates as `usual`. Times are cut to 1 ms to 1 h. */
export const learnTime = (known: LoadTimes | undefined, took: Millis, usual = FIRST_DEVIATION): LoadTimes =>
  learnedFrom(known, Math.log(clamp(took)), usual);

/**
 * How far loads of one model lie from each other, over all models, each by how often that was seen: of a model that was
 * loaded once nothing else tells it (an empirical Bayes estimate). Undefined where none was loaded twice.
 */
export function usualDeviation(all: Iterable<LoadTimes>): number | undefined {
  let [sum, seen] = [0, 0];
  for (const { deviation, count } of all) {
    sum += deviation * (count - 1);
    seen += count - 1;
  }
  return seen > 0 ? sum / seen : undefined;
}

/** What is known of a pace after one more load: by it the load of a model is predicted that was never loaded. */
export const learnPace = (known: LoadTimes | undefined, took: Millis, bytes: Bytes): LoadTimes =>
  learnedFrom(known, Math.log(clamp(took)) - logSize(bytes), FIRST_DEVIATION_OF_PACE);

/** How long loads of so many bytes take at a pace. */
export const timesAt = (pace: LoadTimes, bytes: Bytes): LoadTimes => ({
  ...pace,
  mean: pace.mean + logSize(bytes),
});

const logSize = (bytes: Bytes): number => Math.log((bytes + FIXED) / GIB);

function learnedFrom(known: LoadTimes | undefined, value: number, deviation: number): LoadTimes {
  if (!known) return { mean: value, deviation, count: 1 };
  const count = Math.min(known.count + 1, MEMORY_OF_MEAN);
  const off = value - known.mean;
  return {
    mean: known.mean + off / count,
    deviation: known.deviation + (Math.abs(off) - known.deviation) / Math.min(count, MEMORY_OF_DEVIATION),
    count,
  };
}

/** Several together, weighted by count; how far their means differ adds to the deviation. Undefined for none. */
export function pooled(all: readonly LoadTimes[]): LoadTimes | undefined {
  const count = all.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return undefined;
  const over = (value: (one: LoadTimes) => number): number =>
    all.reduce((sum, one) => sum + value(one) * one.count, 0) / count;
  const mean = over((one) => one.mean);
  const deviation = over((one) => one.deviation + Math.abs(one.mean - mean));
  return { mean, deviation, count: Math.min(count, MEMORY_OF_MEAN) };
}

/** How long a load should take, in whole milliseconds, 1 ms to 1 h. */
export const forecastOf = ({ mean, deviation, count }: LoadTimes): Forecast => ({
  p50: clamp(Math.round(Math.exp(mean))),
  p90: clamp(Math.round(Math.exp(mean + TO_P90 * uncertainty(count) * deviation))),
});

/** The P10: in logarithms it lies as far below the median as the P90 lies above it. */
export const p10Of = ({ p50, p90 }: Forecast): Millis => p50 ** 2 / p90;

/** How much longer something should take that has run for `elapsed`: what is left of its forecast, and never nothing. */
export function restOf({ p50, p90 }: Forecast, elapsed: Millis): Forecast {
  const rest = restAfter(p50, elapsed);
  return { p50: rest, p90: Math.max(rest, restAfter(p90, elapsed)) };
}

const restAfter = (whole: Millis, elapsed: Millis): Millis =>
  elapsed < whole
    ? Math.max(LEAST, whole - elapsed)
    : Math.max(REST_SHARE * elapsed, Math.min(SHORTEST_REST, whole));

const clamp = (took: Millis): Millis => Math.min(MAX_LOAD, Math.max(LEAST, took));
