import type { Now } from '../numbers/now.js';
import type { EventOf } from '../fleet/events.js';
import type { Fleet } from '../fleet/fleet.js';
import { areLoadsStopped } from '../fleet/standing.js';

/** From now on no load or unload is ordered. Earlier orders go on. */
export function freeze(fleet: Fleet, { reason, since }: EventOf<'FreezeOrdered'>): void {
  fleet.frozen = { reason, since };
  fleet.stoppedAt ??= since;
}

export function unfreeze(fleet: Fleet, _: EventOf<'FreezeEnded'>, now: Now): void {
  fleet.frozen = null;
  orderAgain(fleet, now);
}

/** A hold stops orders as a freeze does. No look finds out the mode of a server meanwhile. */
export function holdOrders(fleet: Fleet, { isHeld }: EventOf<'OrdersHeld'>, now: Now): void {
  fleet.held = isHeld;
  if (isHeld) fleet.stoppedAt ??= now.stamp;
  else {
    for (const server of fleet.servers.values()) if (server.mode === null) server.lookWanted = now.stamp;
    orderAgain(fleet, now);
  }
}

/** Loads wait until the store takes them. */
export function holdLoads(fleet: Fleet, { isHeld }: EventOf<'LoadsHeld'>, now: Now): void {
  fleet.loadsHeld = isHeld;
  if (isHeld) fleet.stoppedAt ??= now.stamp;
  else orderAgain(fleet, now);
}

/**
 * Once neither a freeze nor a hold is left: what admins ordered has as much time left as when the first of them began.
 * Waits for a copy begin anew, since no room could be made meanwhile.
 */
function orderAgain(fleet: Fleet, now: Now): void {
  const since = fleet.stoppedAt;
  if (since === null || areLoadsStopped(fleet)) return;
  fleet.stoppedAt = null;
  fleet.resumedAt = now.stamp;
  for (const [model, bestEffort] of fleet.bestEffort) {
    const lost = now.stamp - Math.max(since, bestEffort.since);
    if (bestEffort.admin && lost > 0)
      fleet.bestEffort.set(model, { ...bestEffort, until: bestEffort.until + lost });
  }
  fleet.wantedSince.clear();
}
