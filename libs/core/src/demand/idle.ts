import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Draining, Ready } from '../fleet/replica.js';
import { isGuaranteed, isPinProtected, standsInUntil } from '../memory/pins.js';
import { isNeeded } from '../memory/footprint.js';
import { idleByUse, isToGo, settingsOf } from '../fleet/idle-rule.js';
import type { Instant, Millis } from '../fleet/model.js';
import { leasedUntil, leasesEndBy } from '../learned/leases.js';
import type { Server } from '../fleet/server.js';
import { isUseRead, takesOrders } from '../fleet/standing.js';

/**
 * When a replica may be retired for being idle. Null where it never may: it is pinned, kept warm by `copies.min`, a
 * stranger to be kept, soft, or needed by another replica.
 */
export function idleUnloadAt(fleet: Readonly<Fleet>, replica: Ready): Instant | null {
  const at = idleAt(fleet, replica);
  if (at === null || isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return null;
  return isNeeded(fleet, replica) ? null : at;
}

/** The idle rule alone: `max(lastUse + idleUnloadSeconds, inUseUntil)`. A copy that stands in for a failing one stays. */
export function idleAt(
  fleet: Readonly<Fleet>,
  replica: Ready,
  settings = settingsOf(fleet, replica),
): Instant | null {
  const at = idleByUse(fleet, replica, settings);
  if (at === null || isToGo(fleet, replica)) return at;
  return Math.max(at, standsInUntil(fleet, replica));
}

/** Whether Triton still has requests queued for it; those that execute are not known. */
export const hasQueue = (
  fleet: Readonly<Fleet>,
  { server, model }: Pick<Ready, 'server' | 'model'>,
): boolean => (fleet.servers.get(server)?.pending.get(model) ?? 0) > 0;

/** After the last lease has ended Triton's queue is given this long to empty. */
const QUEUE_GRACE: Millis = 5_000;

/** Whether nothing of its own keeps it from being unloaded. */
export function hasEmptied(fleet: Fleet, replica: Draining, now: Now): boolean {
  const server = fleet.servers.get(replica.server)!;
  if (!now.has(leasedUntil(fleet, replica)) || !takesOrders(server, now) || isNeeded(fleet, replica))
    return false;
  return now.has(queueGraceEnds(fleet, replica)) || isQueueEmpty(fleet, server, replica);
}

/** When a queue that does not empty is no longer waited for. */
export const queueGraceEnds = (fleet: Readonly<Fleet>, replica: Draining): Instant =>
  Math.min(
    Math.max(leasedUntil(fleet, replica), replica.since) + QUEUE_GRACE,
    leasesEndBy(fleet.servers.get(replica.server)),
  );

/** Judged by a reading begun after the routes were withdrawn; asks for one where there is none. */
function isQueueEmpty(fleet: Fleet, server: Server, replica: Draining): boolean {
  if (!server.metricsAnswered) return true;
  return isUseRead(server, replica.since) && !hasQueue(fleet, replica);
}
