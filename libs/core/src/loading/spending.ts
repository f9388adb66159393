import { added, faded } from '../numbers/fading.js';
import type { Fleet } from '../fleet/fleet.js';
import type { TenantId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { SLOTS_FADE_OVER } from './slot-use.js';

/** A tenant that has paid for less lately counts as one that has paid for nothing. */
const PAID_NOTHING: Millis = 100;

/** Some tenants pay alike for a load that begins, and takes so long. */
export function spend({ spending }: Fleet, payers: readonly TenantId[], cost: Millis, now: Instant): void {
  for (const tenant of payers)
    spending.set(tenant, added(spending.get(tenant), cost / payers.length, now, SLOTS_FADE_OVER));
}

/** How many times as much as an equal part of all that was paid lately each tenant has paid, beside those that paid. */
export function timesItsPart(fleet: Readonly<Fleet>, now: Instant): (tenant: TenantId) => number {
  const { spending } = fleet;
  let all = 0;
  for (const tenant of spending.keys()) all += paidLately(fleet, tenant, now);
  return (tenant) => {
    if (all === 0) return 1;
    const tenants = spending.size + (spending.has(tenant) ? 0 : 1);
    return (tenants * paidLately(fleet, tenant, now)) / all;
  };
}

/** Forgets the tenants that have paid for nothing lately. */
export function forgetSpending(fleet: Fleet, now: Instant): void {
  for (const tenant of fleet.spending.keys())
    if (paidLately(fleet, tenant, now) < PAID_NOTHING) fleet.spending.delete(tenant);
}

const paidLately = ({ spending }: Readonly<Fleet>, tenant: TenantId, now: Instant): Millis =>
  faded(spending.get(tenant), now, SLOTS_FADE_OVER);
