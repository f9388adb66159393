import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { ReplicaId } from '../fleet/ids.js';
import { isPromised } from '../fleet/standing.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';

/** A server may be asked for so many loads that repeat a failed one in a row, */
const RETRIES_AT_ONCE = 10;
/** then for one in so long, so that nothing is stuck for ever, */
const ONE_EACH: Millis = 10_000;
/** and for one more for each ten loads that succeed there. */
const PER_SUCCESS: Millis = ONE_EACH / 10;

/**
 * When a server may next be asked for so many loads of what failed there, as far as its budget for that goes (a token bucket, kept as the
 * moment in which it is full again). Many models that fail cannot use up the load slots of those that do not.
 */
export function retryAt(fleet: Readonly<Fleet>, server: Server, loads: number, now: Instant): Instant {
  const left = RETRIES_AT_ONCE - retriesPromised(fleet, server) - Math.min(loads, RETRIES_AT_ONCE);
  return Math.max(server.retriesFullAt, now) - left * ONE_EACH;
}

/** Those that have their place there and are not started yet: nothing is spent on them so far, and it is theirs. */
function retriesPromised(fleet: Readonly<Fleet>, { spec }: Server): number {
  let promised = 0;
  for (const replica of unsettled(fleet)) {
    if (replica.server === spec.id && isPromised(replica) && isRetry(fleet, replica.id)) promised += 1;
  }
  return promised;
}

/**
 * When time alone next lets a server be asked for one load more of those, until its budget is full again: a load that
 * brings several up which failed waits for as many.
 */
export function retriesAgainAt(fleet: Readonly<Fleet>, server: Server, now: Instant): Instant | null {
  if (server.retriesFullAt <= now) return null;
  const first = retryAt(fleet, server, 1, now);
  const given = Math.max(0, Math.floor((now - first) / ONE_EACH) + 1);
  return first + given * ONE_EACH;
}

/** Whether the last load of it there has failed. */
export const isRetry = ({ cooldowns }: Readonly<Fleet>, id: ReplicaId): boolean => cooldowns.has(id);

/** A load begins that repeats a failed one. */
export function spendRetry(server: Server, now: Instant): void {
  server.retriesFullAt = Math.max(server.retriesFullAt, now) + ONE_EACH;
}

/** A load has succeeded there. */
export function earnRetry(server: Server): void {
  server.retriesFullAt -= PER_SUCCESS;
}
