import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import { directDependencies, hasRelatives, relativesOf } from '../memory/footprint.js';
import type { Instant } from '../fleet/model.js';
import type { Placed } from '../fleet/replica.js';
import { isStuck } from '../fleet/stuck.js';
import { hasEmptied } from '../demand/emptied.js';
import type { InWork } from './in-work.js';
import type { ToLoad } from './load-order.js';

/** Whether something else than memory and slots keeps a load from being ordered now: it keeps no slot meanwhile. */
export const isBlocked = (fleet: Fleet, inWork: InWork, replica: ToLoad, now: Instant): boolean =>
  inWork.isOnTied(replica) ||
  isStepLeaving(fleet, unitOf(fleet, replica), now) ||
  isAfterUnload(fleet, replica, now) ||
  (replica.phase === 'placed' && !needsAreMet(fleet, replica));

/** What one load brings up; nothing new where a copy grows. */
export const unitOf = (fleet: Fleet, replica: ToLoad): readonly Placed[] =>
  replica.phase === 'placed' ? [replica, ...carriedWith(fleet, replica)] : [];

const carriedWith = (fleet: Fleet, { id, server, model }: Placed): Placed[] =>
  (fleet.steps.get(model) ?? []).flatMap((step) => {
    const other = fleet.replicas.get(replicaId(step, server));
    return other?.phase === 'placed' && other.carriedBy === id ? [other] : [];
  });

/** What has an order of its own must be ready before what needs it is loaded. */
const needsAreMet = (fleet: Fleet, { id, model, server }: Placed): boolean =>
  directDependencies(fleet, model).every((needed) => {
    const other = fleet.replicas.get(replicaId(needed, server));
    return other?.phase === 'ready' || (other?.phase === 'placed' && other.carriedBy === id);
  });

/** What makes room and may be a step of what a load brings up goes first: under that load it would have to stay after all. */
function isStepLeaving(fleet: Fleet, unit: readonly Placed[], now: Instant): boolean {
  const [first] = unit;
  if (!first) return false;
  const { presumed } = fleet.servers.get(first.server)!;
  if (presumed.size === 0) return false;
  return Array.from(presumed).some(([step, loads]) => {
    const isBrought = unit.some(({ model }) => loads.includes(model));
    const other = isBrought ? fleet.replicas.get(replicaId(step, first.server)) : undefined;
    if (other?.phase !== 'draining' && other?.phase !== 'unloading') return false;
    return !isStuck(fleet, other, now);
  });
}

/** What drains since it got its place or longer, and is tied to it, is unloaded first: loads would keep it waiting one after the other. */
function isAfterUnload(fleet: Fleet, replica: ToLoad, now: Instant): boolean {
  const server = fleet.servers.get(replica.server)!;
  if (!hasRelatives(fleet, server)) return false;
  const placedAt = replica.phase === 'placed' ? replica.since : replica.change!.orderedAt;
  const drained = replicasOn(fleet, replica.server).filter(
    (one) => one.phase === 'draining' && one.since <= placedAt && hasEmptied(fleet, one, now),
  );
  if (drained.length === 0) return false;
  const tied = relativesOf(fleet, server, replica.model);
  return drained.some(({ model }) => tied.has(model));
}
