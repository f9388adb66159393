import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { type ModelId, type ReplicaId, replicaId } from '../fleet/ids.js';
import { fractionOf } from '../numbers/jitter.js';
import type { FailureCause, Residence } from '../fleet/replica.js';
import type { Millis } from '../fleet/model.js';

/** How long a model cools down: `least` or more, up to a bound of `first` that doubles with each failure in a row. */
interface BackOff {
  readonly least: Millis;
  readonly first: Millis;
  readonly longest: Millis;
}

/** Half a second passes between looks while an order is open; with a shorter wait the next load would follow at once. */
const PASSING: BackOff = { least: 500, first: 1_000, longest: 60_000 };
/** An operator has to change something, which takes seconds at least. */
const LASTING: BackOff = { least: 5_000, first: 10_000, longest: 300_000 };

/** After so many failures in a row the breaker of a model opens. */
const TRIPS = 3;

/** Whether a load fails for that cause until an operator changes something. */
export const isLasting = (cause: FailureCause): boolean => cause === 'configuration' || cause === 'missing';

/** A load has failed: its model cools down on that server, and everywhere where too many have failed in a row. */
export function coolDown(
  fleet: Fleet,
  { id, model, server }: Pick<Residence, 'id' | 'model' | 'server'>,
  cause: FailureCause,
  now: Now,
): void {
  const failures = (fleet.cooldowns.get(id)?.failures ?? 0) + 1;
  const until = now.stamp + backOff(cause, failures, id, now);
  fleet.cooldowns.set(id, { model, server, failures, cause, at: now.stamp, until });
  trip(fleet, model, cause, now);
}

/** Opens the breaker of a model, or keeps it open for longer. What a server refuses to all models opens none. */
function trip(fleet: Fleet, model: ModelId, cause: FailureCause, now: Now): void {
  if (cause === 'wrong_mode' || cause === 'restricted') return;
  const open = fleet.breakers.get(model);
  if (!open && !isTripped(fleet, model)) return;
  const failures = open ? open.failures + 1 : TRIPS;
  fleet.breakers.set(model, { failures, cause, until: now.stamp + backOff(cause, failures, model, now) });
}

/** Whether it failed too often in a row: on one server, or for lasting causes on all servers together. */
function isTripped({ servers, cooldowns }: Fleet, model: ModelId): boolean {
  let lasting = 0;
  for (const server of servers.keys()) {
    const cooldown = cooldowns.get(replicaId(model, server));
    if (!cooldown) continue;
    if (cooldown.failures >= TRIPS) return true;
    if (isLasting(cooldown.cause)) lasting += cooldown.failures;
  }
  return lasting >= TRIPS;
}

/** A load has succeeded: its failures on that server are forgotten, and the breaker closes. */
export function warmUp(fleet: Fleet, { id, model }: Pick<Residence, 'id' | 'model'>): void {
  fleet.cooldowns.delete(id);
  fleet.breakers.delete(model);
}

/**
 * Forgets the failures of a model: their cause may have changed, or an admin wants it tried all the same. What it was booked with
 * for them stays where a copy may hold that much.
 */
export function forgetFailures(fleet: Fleet, model: ModelId): void {
  for (const [id, cooldown] of fleet.cooldowns) if (cooldown.model === model) fleet.cooldowns.delete(id);
  fleet.breakers.delete(model);
  if (replicasOf(fleet, model).every(({ phase }) => phase === 'placed')) fleet.outgrown.delete(model);
}

/**
 * Full jitter (AWS Builders' Library: timeouts, retries and back-off with jitter): a wait anywhere between the least one
 * and the bound, so that loads that failed together are not tried together again.
 */
function backOff(cause: FailureCause, failures: number, of: ModelId | ReplicaId, now: Now): Millis {
  const { least, first, longest } = isLasting(cause) ? LASTING : PASSING;
  const bound = Math.min(first * 2 ** Math.min(failures - 1, 16), longest);
  return Math.round(least + fractionOf(`${of} ${failures} ${now.stamp}`) * (bound - least));
}
