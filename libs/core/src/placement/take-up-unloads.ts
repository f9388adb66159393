import type { Fleet } from '../fleet/fleet.js';
import { unloadCopy } from '../observe/requests.js';
import type { Instant } from '../fleet/model.js';
import { areOrdersStopped } from '../fleet/standing.js';

/**
 * Carries out the unloads that admins ordered and that had to wait: while orders are stopped nothing is let go, and what is on a
 * server that this life of ours has never looked at is not known.
 */
export function takeUpUnloads(fleet: Fleet, now: Instant): void {
  if (areOrdersStopped(fleet)) return;
  for (const [id, { server, force }] of fleet.putOff) {
    if (fleet.servers.get(server)!.lookedAt === null) continue;
    fleet.putOff.delete(id);
    const replica = fleet.replicas.get(id);
    if (replica) unloadCopy(fleet, replica, force, now);
  }
}
