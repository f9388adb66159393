import type { Fleet, Reload } from '../fleet/fleet.js';
import { isNeeded } from './footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Ready, Replica } from '../fleet/replica.js';

/** The reloads of a model that are due or under way. */
export const reloadsOf = (fleet: Readonly<Fleet>, model: ModelId): Reload[] =>
  fleet.reloads.size === 0 ? [] : [...fleet.reloads.values()].filter((one) => one.model === model);

/** Whether it leaves to come back to the same place: its memory is for no other model. */
export const isComingBack = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  (replica.phase === 'draining' || replica.phase === 'unloading') &&
  replica.cause === 'admin' &&
  fleet.reloads.has(replica.id);

/**
 * Whether it is to leave now to be loaded anew. One copy of a model reloads at a time, so that the others serve
 * meanwhile, and stay where the new version does not load.
 */
export function isToReload(fleet: Readonly<Fleet>, replica: Ready): boolean {
  const reload = fleet.reloads.get(replica.id);
  if (!reload || reload.leftAt !== null || isNeeded(fleet, replica)) return false;
  return ![...fleet.reloads].some(
    ([id, one]) => id !== replica.id && one.model === replica.model && isReloadUnderWay(fleet, id, one),
  );
}

function isReloadUnderWay(fleet: Readonly<Fleet>, id: Replica['id'], { leftAt }: Reload): boolean {
  const replica = fleet.replicas.get(id);
  return leftAt !== null || (replica !== undefined && isComingBack(fleet, replica));
}
