import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';

/** No tenant is owed more than the longest load that is foreseen. */
const MOST_OWED: Millis = 3_600_000;

/** What some tenants are owed together, in milliseconds of loads. */
export function deficitsOf({ deficits }: Readonly<Fleet>, tenants: Iterable<TenantId>): Millis {
  let sum = 0;
  for (const tenant of tenants) sum += deficits.get(tenant) ?? 0;
  return sum;
}

/**
 * Writes down that a load begins that some tenants pay for together. All tenants that wait for a load earn alike until
 * the payers have enough for it, and the payers pay: so no tenant is ever owed less than nothing. No tenant pays for
 * what the operator's word or a wish brings.
 */
export function chargeLoad(
  fleet: Fleet,
  payers: readonly TenantId[],
  cost: Millis,
  inNeed: ReadonlySet<TenantId>,
): void {
  if (payers.length === 0) return;
  const { deficits } = fleet;
  const had = deficitsOf(fleet, payers);
  const earned = Math.max(0, cost - had) / payers.length;
  const left = 1 - cost / Math.max(cost, had);
  for (const tenant of new Set([...inNeed, ...payers])) {
    const owed = (deficits.get(tenant) ?? 0) + earned;
    owe(fleet, tenant, payers.includes(tenant) ? left * owed : owed);
  }
}

/** A tenant that waits for no load is owed nothing. */
export function forgetDeficits(fleet: Fleet): void {
  if (fleet.deficits.size === 0) return;
  const inNeed = tenantsInNeed(fleet);
  for (const tenant of fleet.deficits.keys()) if (!inNeed.has(tenant)) fleet.deficits.delete(tenant);
}

/** The tenants that wait for a load that has not begun. */
export function tenantsInNeed(fleet: Readonly<Fleet>): ReadonlySet<TenantId> {
  const known = new Map<ModelId, boolean>();
  const isNeeded = (model: ModelId): boolean => {
    const before = known.get(model);
    if (before !== undefined) return before;
    const needed = !replicasOf(fleet, model).some(hasBegun);
    known.set(model, needed);
    return needed;
  };
  const tenants = new Set<TenantId>();
  for (const { model, tenant } of fleet.waiting.values())
    if (!tenants.has(tenant) && isNeeded(model)) tenants.add(tenant);
  return tenants;
}

const hasBegun = (replica: Replica): boolean =>
  replica.phase === 'loading' || replica.phase === 'ready' || (replica.phase === 'unknown' && replica.coming);

function owe({ deficits }: Fleet, tenant: TenantId, owed: Millis): void {
  if (owed > 0) deficits.set(tenant, Math.min(MOST_OWED, owed));
  else deficits.delete(tenant);
}
