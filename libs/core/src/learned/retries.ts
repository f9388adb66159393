import { type Fleet, unsettledOn } from '../fleet/fleet.js';
import type { Replica } from '../fleet/replica.js';
import type { ReplicaId } from '../fleet/ids.js';
import { isPromised } from '../fleet/standing.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';

/** A retry is a load that repeats one that failed on the same server. A server has a budget of so many of them, */
const RETRIES_AT_ONCE = 10;
/** which grows by one in so long, */
const ONE_EACH: Millis = 10_000;
/** and by as much for each ten loads that succeed there. */
const PER_SUCCESS: Millis = ONE_EACH / 10;

/**
 * When the budget of a server has so many retries. It is a token bucket, kept as the moment in which it is full again,
 * so that many failing models cannot use up the load slots of the others.
 */
export function retryAt(fleet: Readonly<Fleet>, server: Server, loads: number, now: Instant): Instant {
  const left = RETRIES_AT_ONCE - retriesPromised(fleet, server) - Math.min(loads, RETRIES_AT_ONCE);
  return Math.max(server.retriesFullAt, now) - left * ONE_EACH;
}

/** Retries that have a place on a server, and whose loads have not begun: they are not spent, but promised. */
const retriesPromised = (fleet: Readonly<Fleet>, { spec }: Server): number =>
  unsettledOn(fleet, spec.id).filter((one) => isPromised(one) && isRetry(fleet, one.id)).length;

/** When time alone next adds a retry to the budget of a server; null where it is full. */
export function retriesAgainAt(fleet: Readonly<Fleet>, server: Server, now: Instant): Instant | null {
  if (server.retriesFullAt <= now) return null;
  const first = retryAt(fleet, server, 1, now);
  const given = Math.max(0, Math.floor((now - first) / ONE_EACH) + 1);
  return first + given * ONE_EACH;
}

/** Whether a load of this replica would be a retry. */
export const isRetry = ({ cooldowns }: Readonly<Fleet>, id: ReplicaId): boolean => cooldowns.has(id);

/** A retry begins. */
export function spendRetry(server: Server, now: Instant): void {
  server.retriesFullAt = Math.max(server.retriesFullAt, now) + ONE_EACH;
}

/** A load of these replicas was never sent: if it was a retry, the budget has it back. */
export function returnRetry(fleet: Fleet, { server }: Replica, unit: readonly Replica[]): void {
  if (unit.some(({ id }) => isRetry(fleet, id))) fleet.servers.get(server)!.retriesFullAt -= ONE_EACH;
}

/** A load has succeeded. */
export function earnRetry(server: Server): void {
  server.retriesFullAt -= PER_SUCCESS;
}
