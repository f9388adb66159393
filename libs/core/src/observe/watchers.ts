import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { isSilent, MAX_WATCHERS } from '../learned/watchers.js';

/** A watcher without an acknowledgement in this term may have any earlier table. */
const NO_REVISION = -1;

export function seeWatcher(
  { watchers }: Fleet,
  { watcher, patience, heardAt }: EventOf<'WatcherSeen'>,
  now: Now,
): void {
  const known = watchers.get(watcher);
  if (known) watchers.set(watcher, { ...known, patience, heardAt: Math.max(known.heardAt, heardAt) });
  else if (hasRoom(watchers, now)) watchers.set(watcher, { patience, heardAt, revision: NO_REVISION });
}

/** A revision that is not there yet cannot be known to it. */
export function acknowledgeRoutes(
  fleet: Fleet,
  { watcher, revision }: EventOf<'WatcherAcknowledged'>,
  now: Now,
): void {
  const known = fleet.watchers.get(watcher);
  if (!known) return;
  const acknowledged = Math.max(known.revision, Math.min(revision, fleet.routesRevision));
  fleet.watchers.set(watcher, { ...known, heardAt: now.stamp, revision: acknowledged });
}

export function forgetWatcher(fleet: Fleet, { watcher }: EventOf<'WatcherGone'>): void {
  fleet.watchers.delete(watcher);
}

/** Nothing waits for silent watchers, so they go first. */
function hasRoom(watchers: Fleet['watchers'], now: Now): boolean {
  if (watchers.size >= MAX_WATCHERS)
    for (const [id, one] of watchers) if (isSilent(one, now)) watchers.delete(id);
  return watchers.size < MAX_WATCHERS;
}
