import type { Now } from '../numbers/now.js';
import { total } from '../numbers/groups.js';
import { added, decayed } from '../numbers/decaying-sum.js';
import type { Fleet } from '../fleet/fleet-state.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';
import { tenantsWaiting } from '../fleet/waiting.js';

/** Charges below this count as none. */
const NOTHING: Millis = 1;

/** Charges a tenant for a job that joins the line: `cost` are milliseconds of a load slot, the P50 of its load. */
export function charge(fleet: Fleet, model: ModelId, tenant: TenantId, cost: Millis, now: Now): void {
  if (fleet.charges.has(model)) return;
  fleet.charges.set(model, { tenant, cost, at: now.stamp });
  pay(fleet, tenant, cost, now);
}

/** Gives back what is left of the charge for a job that ended without a load. */
export function refund(fleet: Fleet, model: ModelId, now: Now): void {
  const charged = fleet.charges.get(model);
  if (!charged) return;
  fleet.charges.delete(model);
  const left = decayed({ sum: charged.cost, at: charged.at }, now.stamp);
  pay(fleet, charged.tenant, -left, now);
}

/** The load of a job has begun: its charge is not given back any more. */
export const settleCharge = ({ charges }: Fleet, model: ModelId): boolean => charges.delete(model);

function pay({ spending }: Fleet, tenant: TenantId, cost: Millis, now: Now): void {
  const paid = added(spending.get(tenant), cost, now.stamp);
  spending.delete(tenant);
  if (paid.sum >= NOTHING) spending.set(tenant, paid);
  forgetFaded(spending, now);
}

/** Tenants may come once and never again: there may be as many as tokens have subjects. Those charged longest ago come first. */
function forgetFaded(spending: Fleet['spending'], now: Now): void {
  for (const [tenant, spent] of spending) {
    if (decayed(spent, now.stamp) >= NOTHING) return;
    spending.delete(tenant);
  }
}

/**
 * A function that tells whether a tenant is over its share: over what all were charged in about the last minute, divided
 * by the tenants that ask. With `more` as if that were charged, too.
 */
export function overShare(
  fleet: Readonly<Fleet>,
  now: Now,
): (tenant: TenantId, more?: { readonly to: TenantId; readonly cost: Millis }) => boolean {
  const paid = new Map<TenantId, Millis>();
  for (const tenant of tenantsWaiting(fleet)) paid.set(tenant, 0);
  for (const [tenant, spent] of fleet.spending) {
    const lately = decayed(spent, now.stamp);
    if (lately >= NOTHING || paid.has(tenant)) paid.set(tenant, lately);
  }
  const all = total(paid.values(), (one) => one);
  return (tenant, more) => {
    const tenants = paid.size + (paid.has(tenant) ? 0 : 1);
    const own = (paid.get(tenant) ?? 0) + (more?.to === tenant ? more.cost : 0);
    return own > (all + (more?.cost ?? 0)) / tenants + NOTHING;
  };
}
