import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import type { WatcherId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { isSilent, MOST_WATCHERS } from '../learned/watchers.js';

/** A watcher without an acknowledgement in this term may have any earlier table. */
const NO_REVISION = -1;

export function seeWatcher(fleet: Fleet, { watcher, patience }: EventOf<'WatcherSeen'>, now: Instant): void {
  const known = fleet.watchers.get(watcher);
  if (known) fleet.watchers.set(watcher, { ...known, patience, heardAt: now });
  else take(fleet, watcher, { patience, heardAt: now }, now);
}

/** A revision that is not there yet cannot be known to it. */
export function acknowledgeRoutes(
  fleet: Fleet,
  { watcher, revision }: EventOf<'WatcherAcknowledged'>,
  now: Instant,
): void {
  const known = fleet.watchers.get(watcher);
  if (!known) return;
  const acknowledged = Math.max(known.revision, Math.min(revision, fleet.routesRevision));
  fleet.watchers.set(watcher, { ...known, heardAt: now, revision: acknowledged });
}

export function forgetWatcher(fleet: Fleet, { watcher }: EventOf<'WatcherGone'>): void {
  fleet.watchers.delete(watcher);
}

/** What was heard in this term counts more. */
export function rememberWatchers(
  fleet: Fleet,
  { watchers }: EventOf<'WatchersRemembered'>,
  now: Instant,
): void {
  for (const { watcher, ...heard } of watchers)
    if (!fleet.watchers.has(watcher)) take(fleet, watcher, heard, now);
}

/** Nothing waits for silent watchers, so they go first. */
function take(
  fleet: Fleet,
  watcher: WatcherId,
  heard: { readonly patience: Millis; readonly heardAt: Instant },
  now: Instant,
): void {
  const { watchers } = fleet;
  if (watchers.size >= MOST_WATCHERS)
    for (const [id, one] of watchers) if (isSilent(one, now)) watchers.delete(id);
  if (watchers.size >= MOST_WATCHERS) return;
  const { patience, heardAt } = heard;
  watchers.set(watcher, { patience, heardAt, revision: NO_REVISION });
}
