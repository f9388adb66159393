import type { Now } from '../numbers/now.js';
import type { Watcher } from '../fleet/kept.js';
import { unsettled } from '../fleet/fleet.js';
import type { Fleet } from '../fleet/fleet-state.js';
import type { WatcherId } from '../fleet/ids.js';
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

/** A watcher that unloads wait for. */
export interface Awaited {
  readonly watcher: WatcherId;
  /** What it has to acknowledge. */
  readonly revision: number;
  /** How many copies wait for that, and since when the first of them does. */
  readonly copies: number;
  readonly since: Instant;
}

/** The watchers that have not acknowledged that copies are withdrawn which are to be unloaded. */
export function awaitedWatchers(fleet: Readonly<Fleet>, now: Now): Awaited[] {
  const draining = unsettled(fleet).filter((one) => one.phase === 'draining');
  return [...fleet.watchers].flatMap(([watcher, one]) => {
    const held = isSilent(one, now) ? [] : draining.filter(({ withdrawnIn }) => withdrawnIn > one.revision);
    if (held.length === 0) return [];
    const revision = Math.max(...held.map(({ withdrawnIn }) => withdrawnIn));
    return [{ watcher, revision, copies: held.length, since: Math.min(...held.map(({ since }) => since)) }];
  });
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
