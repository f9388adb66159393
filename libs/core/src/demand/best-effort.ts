import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { areLoadsStopped } from '../fleet/standing.js';
import { routableReplicas } from '../learned/routes.js';

/** Best-effort demand lasts at least so long after the last request for it, also where the model lets no request wait. */
const SHORTEST_WISH = 60_000;

/** Remembers that a model is wanted without a waiting request. Each such request renews the demand; an admin's order stays. */
export function noteBestEffort(fleet: Fleet, id: ModelId, now: Now): void {
  const model = fleet.models.get(id);
  const known = fleet.bestEffort.get(id);
  if (!model || known?.admin) return;
  fleet.bestEffort.set(id, {
    until: now.stamp + Math.max(model.coldStart.maxWait, SHORTEST_WISH),
    admin: false,
    since: known?.since ?? now.stamp,
  });
}

/** Drops best-effort demand whose model is ready or whose time is over. While orders are stopped what an admin ordered does not run out. */
export function dropBestEffort(fleet: Fleet, now: Now): void {
  for (const [model, { until, admin }] of fleet.bestEffort) {
    const isOver = now.has(until) && !(admin && areLoadsStopped(fleet));
    if (isOver || routableReplicas(fleet, model).length > 0) fleet.bestEffort.delete(model);
  }
}
