import type { CopyToGo, CopyToReload } from '../fleet/events.js';
import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Replica } from '../fleet/replica.js';

/** The part of the orders of admins about a model that is still to be done. */
export interface OpenOrders {
  /** Whether it is to be loaded, wherever that may be. */
  readonly load: boolean;
  readonly unload: readonly CopyToGo[];
  readonly reload: readonly CopyToReload[];
}

/** The orders of admins that are still to be done, by model; models without such orders have no entry. */
export function openOrders(fleet: Readonly<Fleet>): ReadonlyMap<ModelId, OpenOrders> {
  const open = new Map<ModelId, { load: boolean; unload: CopyToGo[]; reload: CopyToReload[] }>();
  const of = (model: ModelId) => {
    const known = open.get(model) ?? { load: false, unload: [], reload: [] };
    open.set(model, known);
    return known;
  };
  for (const [model, { admin }] of fleet.bestEffort) if (admin) of(model).load = true;
  for (const { model, server, force } of fleet.putOff.values()) of(model).unload.push({ server, force });
  for (const replica of unsettled(fleet)) {
    if (isOnItsWay(fleet, replica)) of(replica.model).unload.push({ server: replica.server, force: false });
  }
  for (const { model, server, cause, leftAt } of fleet.reloads.values()) {
    if (cause === 'reload') of(model).reload.push({ server, hasLeft: leftAt !== null });
  }
  return open;
}

/**
 * Whether it leaves for good by an admin's order, and not for more copies of its own model, which is stuck since. It is told as
 * not forced, so that its leases end first.
 */
const isOnItsWay = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  'cause' in replica &&
  replica.cause === 'admin' &&
  replica.makesRoomFor === null &&
  !fleet.reloads.has(replica.id) &&
  !fleet.putOff.has(replica.id);
