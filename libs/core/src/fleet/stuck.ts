import type { Fleet } from './fleet.js';
import type { Replica } from './replica.js';
import type { Instant } from './model.js';
import { loadBounds } from './standing.js';

/**
 * When an order counts as stuck: `stuckAfterSeconds` past a load's timeout, or past Triton's answer to an unload. From
 * then on its bytes stay booked, but other work does not wait for it. Null for a replica that is under no order.
 */
export function stuckAt(fleet: Readonly<Fleet>, replica: Replica): Instant | null {
  const { stuckAfter } = fleet.limits;
  const load = loadBounds(fleet, replica);
  if (load) return load.overdueAt + stuckAfter;
  if (replica.phase === 'unloading') return (replica.answeredAt ?? replica.orderedAt) + stuckAfter;
  return replica.phase === 'unknown' ? replica.endedAt + stuckAfter : null;
}

export const isStuck = (fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean =>
  (stuckAt(fleet, replica) ?? Infinity) <= now;

/** Whether an order for it is under way, and not stuck. */
export const hasOpenOrder = (fleet: Readonly<Fleet>, replica: Replica, now: Instant): boolean =>
  (stuckAt(fleet, replica) ?? -Infinity) > now;
