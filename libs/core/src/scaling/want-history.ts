import type { Instant, Millis } from '../fleet/model.js';

/** How many servers were wanted at most in one minute, which began at `from`. */
interface MinuteWant {
  readonly from: Instant;
  readonly servers: number;
}

/** The largest want of each of the last minutes, the oldest first: a list that is replaced, of 61 entries at most. */
export type WantHistory = readonly MinuteWant[];

const ONE_MINUTE: Millis = 60_000;
/** A want counts for so long after the minute in which it was told last. */
const HOUR: Millis = 60 * ONE_MINUTE;

/** The history with one want more. */
export function withWant(history: WantHistory, servers: number, now: Instant): WantHistory {
  const kept = withinHour(history, now);
  const last = kept.at(-1);
  if (!last || now - last.from >= ONE_MINUTE) return [...kept, { from: now, servers }];
  if (servers <= last.servers) return kept;
  return [...kept.slice(0, -1), { from: last.from, servers }];
}

/** The largest want of the last hour; 0 where nothing is known. */
export const largestWant = (history: WantHistory, now: Instant): number =>
  withinHour(history, now).reduce((most, { servers }) => Math.max(most, servers), 0);

function withinHour(history: WantHistory, now: Instant): WantHistory {
  const first = history[0];
  if (!first || now - first.from < ONE_MINUTE + HOUR) return history;
  return history.filter(({ from }) => now - from < ONE_MINUTE + HOUR);
}
