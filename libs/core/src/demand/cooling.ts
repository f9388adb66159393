import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { FailureCause } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { isLastSlotKept, missingOn } from './retries.js';
import { isComing } from './wants.js';

/** Why a model may not be loaded on a server for now, after failed loads. */
export interface Cooling {
  /** Infinite where it ends with a load that is on its way, or with the wait of another model. */
  readonly until: Instant;
  readonly cause: FailureCause;
  /**
   * `back_off`: on that server. `breaker`: on all servers, after too many failures in a row. `half_open`: one load tries
   * the model after these. `last_slot`: the last free load slot of that server is for what has not failed there.
   */
  readonly by: 'back_off' | 'breaker' | 'half_open' | 'last_slot';
}

/**
 * The longest of the waits after failed loads that keep a model from a server: of the model itself, and of what it needs
 * and is not ready there. Undefined where there is none.
 */
export function coolingOn(
  fleet: Readonly<Fleet>,
  server: Server,
  model: ModelId,
  now: Now,
): Cooling | undefined {
  if (fleet.cooldowns.size === 0 && fleet.breakers.size === 0) return undefined;
  const all = missingOn(fleet, server, model).flatMap((id) => coolings(fleet, server, id, now));
  const [longest] = all.toSorted((one, other) => other.until - one.until);
  if (!longest || !now.has(longest.until)) return longest;
  const isKept = isLastSlotKept(fleet, server, model, now);
  return isKept ? { until: Infinity, cause: longest.cause, by: 'last_slot' } : undefined;
}

/** The waits of one model, those included that are over. */
function coolings(fleet: Readonly<Fleet>, server: Server, model: ModelId, now: Now): Cooling[] {
  const found: Cooling[] = [];
  const failed = fleet.cooldowns.get(replicaId(model, server.spec.id));
  const breaker = fleet.breakers.get(model);
  if (failed) found.push({ until: failed.until, cause: failed.cause, by: 'back_off' });
  if (breaker) {
    const { until, cause } = breaker;
    found.push({ until, cause, by: 'breaker' });
    if (isBeingTried(fleet, model, now)) found.push({ until: Infinity, cause, by: 'half_open' });
  }
  return found;
}

/** Whether one load of a model is on its way to show if it still fails: all others wait for that. */
const isBeingTried = (fleet: Readonly<Fleet>, model: ModelId, now: Now): boolean =>
  replicasOf(fleet, model).some((replica) => isComing(fleet, replica, now));

/** Whether the breaker of a model is open: too many of its loads have failed in a row, and none is ordered for now. */
export const isBroken = ({ breakers }: Readonly<Fleet>, model: ModelId, now: Now): boolean =>
  breakers.size > 0 && !now.has(breakers.get(model)?.until ?? -Infinity);

/** When the first of these servers that list a model may load it again after failed loads; now where one may already. */
export function triableAt(
  fleet: Readonly<Fleet>,
  servers: readonly Server[],
  model: ModelId,
  now: Now,
): Instant {
  if (fleet.cooldowns.size === 0 && fleet.breakers.size === 0) return now.stamp;
  let soonest = Infinity;
  for (const server of servers) {
    if (!server.repository.has(model)) continue;
    soonest = Math.min(soonest, coolingOn(fleet, server, model, now)?.until ?? now.stamp);
  }
  return soonest;
}
