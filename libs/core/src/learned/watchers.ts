import type { Now } from '../numbers/now.js';
import type { Watcher } from '../fleet/kept.js';
import type { Fleet } from '../fleet/fleet-state.js';
import type { Instant, Millis } from '../fleet/model.js';

/** Bound of watchers; one more is not taken up. */
export const MAX_WATCHERS = 1_000;

/** A watcher that has told nothing for so long is not expected to answer at once. */
const USUALLY_HEARD: Millis = 3_000;

/** Whether it has been silent for so long that nothing waits for it any more. */
export const isSilent = ({ heardAt, patience }: Watcher, now: Now): boolean => now.has(heardAt + patience);

/** The revision of the routes that all watchers have acknowledged, those aside that are silent; Infinity without any. */
export function acknowledgedBy({ watchers }: Readonly<Fleet>, now: Now): number {
  let acknowledged = Infinity;
  for (const one of watchers.values())
    if (!isSilent(one, now)) acknowledged = Math.min(acknowledged, one.revision);
  return acknowledged;
}

/** How long unloads should wait for watchers that have stopped to answer; in the past where all answer. */
export function silentUntil({ watchers }: Readonly<Fleet>, now: Now): Instant {
  let until = -Infinity;
  for (const one of watchers.values()) {
    const isLate = now.has(one.heardAt + USUALLY_HEARD) && !isSilent(one, now);
    if (isLate) until = Math.max(until, one.heardAt + one.patience);
  }
  return until;
}
