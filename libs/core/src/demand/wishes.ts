import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { areLoadsStopped } from '../fleet/standing.js';
import { routableReplicas } from '../learned/routes.js';

/** A wish lasts at least so long after the last request for it, also where the model lets no request wait. */
const SHORTEST_WISH = 60_000;

/** Remembers that a model is wanted without a waiting request. Each such request renews the wish; an admin's order stays. */
export function wish(fleet: Fleet, id: ModelId, now: Now): void {
  const model = fleet.models.get(id);
  const known = fleet.wishes.get(id);
  if (!model || known?.admin) return;
  fleet.wishes.set(id, {
    until: now.stamp + Math.max(model.coldStart.maxWait, SHORTEST_WISH),
    admin: false,
    since: known?.since ?? now.stamp,
  });
}

/** Drops wishes whose model is ready or whose time is over. While orders are stopped the wish of an admin does not run out. */
export function dropWishes(fleet: Fleet, now: Now): void {
  for (const [model, { until, admin }] of fleet.wishes) {
    const isOver = now.has(until) && !(admin && areLoadsStopped(fleet));
    if (isOver || routableReplicas(fleet, model).length > 0) fleet.wishes.delete(model);
  }
}
