import type { Millis } from '#core';
import { quantile } from '../figure.js';
import type { Arrival } from './workload.js';

/** What became of a request. */
export interface Outcome extends Arrival {
  /** When it was answered, since the beginning. */
  readonly answeredAt: Millis;
  /** `warm` and `cold` are routes; everything else is the reason of a refusal. */
  readonly answer: string;
}

const isServed = ({ answer }: Outcome): boolean => answer === 'warm' || answer === 'cold';

export const waited = ({ at, answeredAt }: Outcome): Millis => answeredAt - at;

/** Whether it was given a route within the time that it could wait. */
export const isInTime = (one: Outcome): boolean => isServed(one) && waited(one) <= one.wait;

/** Those that came from then on, until then. */
export const between = (all: readonly Outcome[], from: Millis, to: Millis): Outcome[] =>
  all.filter(({ at }) => at >= from && at < to);

export function share<T>(all: readonly T[], test: (one: T) => boolean): number {
  return all.length === 0 ? NaN : all.filter(test).length / all.length;
}

/** How often each answer was given. */
export function answerCounts(all: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { answer } of all) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}

/** Those that were served once a load had ended. */
export const coldOf = (all: readonly Outcome[]): Outcome[] => all.filter(({ answer }) => answer === 'cold');

/** Requests served in time, a second. */
export function goodput(all: readonly Outcome[], from: Millis, to: Millis): number {
  return between(all, from, to).filter(isInTime).length / ((to - from) / 1_000);
}

/** The best goodput of any stretch of that length, stretch after stretch. */
export function bestGoodput(all: readonly Outcome[], from: Millis, to: Millis, stretch: Millis): number {
  let best = 0;
  for (let at = from; at + stretch <= to; at += stretch) {
    best = Math.max(best, goodput(all, at, at + stretch));
  }
  return best;
}

/** How a stretch looks to callers: the share that is turned away, and the wait that 99 of 100 served do not exceed. */
export interface Look {
  readonly refused: number;
  readonly p99: Millis;
}

export function lookAt(all: readonly Outcome[], from: Millis, to: Millis): Look {
  const came = between(all, from, to);
  const waits = came.filter(isServed).map(waited);
  return { refused: share(came, (one) => !isServed(one)), p99: quantile(waits, 0.99) };
}

/**
 * How long after a moment all is as before: the begin of the first stretch that looks no worse than the worst of those
 * before the storm. Infinity where there is none.
 */
export function recovery(all: readonly Outcome[], normal: Look, from: Millis, to: Millis): Millis {
  for (let at = from; at + STRETCH <= to; at += STEP) {
    const { refused, p99 } = lookAt(all, at, at + STRETCH);
    if (refused <= normal.refused && !(p99 > normal.p99)) return at - from;
  }
  return Infinity;
}

/** The worst of the stretches of a time. */
export function worstLook(all: readonly Outcome[], from: Millis, to: Millis): Look {
  let worst: Look = { refused: 0, p99: 0 };
  for (let at = from; at + STRETCH <= to; at += STEP) {
    const { refused, p99 } = lookAt(all, at, at + STRETCH);
    worst = { refused: Math.max(worst.refused, refused), p99: Math.max(worst.p99, p99 || 0) };
  }
  return worst;
}

const STRETCH: Millis = 5_000;
const STEP: Millis = 500;
