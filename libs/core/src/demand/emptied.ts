import type { Fleet } from '../fleet/fleet.js';
import { isNeeded } from '../memory/footprint.js';
import { leasedUntil, leasesEndBy } from '../learned/leases.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Draining } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { takesOrders } from '../fleet/standing.js';
import { hasQueue } from './idle.js';

/** After the last lease has ended Triton's queue is given this long to empty. */
const QUEUE_GRACE: Millis = 5_000;

/** Whether nothing of its own keeps it from being unloaded. */
export function hasEmptied(fleet: Fleet, replica: Draining, now: Instant): boolean {
  const server = fleet.servers.get(replica.server)!;
  if (leasedUntil(fleet, replica) > now || !takesOrders(server, now) || isNeeded(fleet, replica))
    return false;
  return now >= queueGraceEnds(fleet, replica) || isQueueEmpty(fleet, server, replica);
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
  const isFresh = (server.statisticsAt ?? -Infinity) >= replica.since;
  if (!isFresh) server.statisticsWanted = Math.max(server.statisticsWanted ?? 0, replica.since);
  return isFresh && !hasQueue(fleet, replica);
}
