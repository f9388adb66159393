import type { Fleet } from '../fleet/fleet.js';
import type { FailureCause } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { dependenciesOf } from '../memory/footprint.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { retryAt } from '../learned/retries.js';
import { isComing } from './wants.js';

/** What failed loads keep from being loaded on a server for now. */
export interface Cooling {
  /** Infinite where it ends with a load that is under way elsewhere. */
  readonly until: Instant;
  /** Why the last load failed. */
  readonly cause: FailureCause;
  /**
   * Its back-off there, or that of the model anywhere after too many failures in a row; one load that tries it after those;
   * or that the server was asked too often to load what failed there.
   */
  readonly by: 'back_off' | 'breaker' | 'half_open' | 'retry_budget';
}

/**
 * What keeps a model from being loaded on a server after failed loads, that which does so longest: of its own, or of what it
 * needs and the server does not have.
 */
export function coolingOn(
  fleet: Readonly<Fleet>,
  server: Server,
  model: ModelId,
  now: Instant,
): Cooling | undefined {
  if (fleet.cooldowns.size === 0 && fleet.breakers.size === 0) return undefined;
  const models = [model, ...dependenciesMissing(fleet, server, model)];
  let longest = retriesCool(fleet, server, models, now);
  for (const id of models) {
    for (const one of coolings(fleet, server, id, now)) {
      if (one.until > (longest?.until ?? now)) longest = one;
    }
  }
  return longest;
}

/** Where the server was asked too often to load what failed there: each of these that did is to be another such load. */
function retriesCool(
  fleet: Readonly<Fleet>,
  server: Server,
  models: readonly ModelId[],
  now: Instant,
): Cooling | undefined {
  const failed = models.flatMap((id) => fleet.cooldowns.get(replicaId(id, server.spec.id)) ?? []);
  const [first] = failed;
  if (!first) return undefined;
  const until = retryAt(fleet, server, failed.length, now);
  return until > now ? { until, cause: first.cause, by: 'retry_budget' } : undefined;
}

const dependenciesMissing = (fleet: Readonly<Fleet>, server: Server, model: ModelId): ModelId[] =>
  dependenciesOf(fleet, model).filter(
    (id) => fleet.replicas.get(replicaId(id, server.spec.id))?.phase !== 'ready',
  );

/** Whether they are over or not. */
function coolings(fleet: Readonly<Fleet>, server: Server, model: ModelId, now: Instant): Cooling[] {
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

/** Whether a load of it is to show if it still fails: all others wait for that. */
function isBeingTried(fleet: Readonly<Fleet>, model: ModelId, now: Instant): boolean {
  for (const id of fleet.holders.get(model) ?? [])
    if (isComing(fleet, fleet.replicas.get(id)!, now)) return true;
  return false;
}

/** Whether a model is loaded nowhere for now, since too many of its loads have failed in a row. */
export const isBroken = ({ breakers }: Readonly<Fleet>, model: ModelId, now: Instant): boolean =>
  breakers.size > 0 && (breakers.get(model)?.until ?? now) > now;

/** When failed loads let a model be loaded again on any of these servers that has it; now where they do already. */
export function triableAt(
  fleet: Readonly<Fleet>,
  servers: readonly Server[],
  model: ModelId,
  now: Instant,
): Instant {
  if (fleet.cooldowns.size === 0 && fleet.breakers.size === 0) return now;
  let soonest = Infinity;
  for (const server of servers) {
    if (!server.repository.has(model)) continue;
    soonest = Math.min(soonest, coolingOn(fleet, server, model, now)?.until ?? now);
  }
  return soonest;
}
