import type { Fleet } from '../fleet/fleet.js';
import type { Model } from '../fleet/model.js';
import type { Ready, Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isSpread } from './device-sets.js';
import { isFailing, isWrittenOff } from './failing.js';
import { replicasOf } from '../fleet/fleet.js';
import { isRoutable } from '../fleet/standing.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';

/** Copies a replica stands for: one per device, but one in all where its backend spreads it over a set of them. */
export const copiesOf = (fleet: Readonly<Fleet>, { model, devices }: Replica): number =>
  copiesOn(fleet.models.get(model), devices);

/** Copies that a model has on these devices of a server. */
export const copiesOn = (model: Model | undefined, devices: readonly number[]): number =>
  isSpread(model) ? 1 : Math.max(1, devices.length);

/** Ready copies of a model on servers that stay, the given replicas left out. */
export function solidCopies(fleet: Readonly<Fleet>, model: ModelId, except: ReadonlySet<ReplicaId>): number {
  return solidReplicas(fleet, model)
    .filter(({ id }) => !except.has(id))
    .reduce((sum, replica) => sum + copiesOf(fleet, replica), 0);
}

/** Ready replicas of a model on servers that stay, but those that only fail. */
export const servingReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  solidReplicas(fleet, model).filter((replica) => !isFailing(replica));

const solidReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter(
    (replica): replica is Ready =>
      replica.phase === 'ready' &&
      isSolid(fleet.servers.get(replica.server)) &&
      !isWrittenOff(fleet, replica),
  );

const isSolid = (server: Server | undefined): boolean =>
  server !== undefined && server.drain === null && isRoutable(server);

/** Whether letting this replica go, or what is to become of it, would leave fewer copies than are pinned. */
export function isPinProtected(fleet: Readonly<Fleet>, replica: Replica): boolean {
  const pinned = fleet.models.get(replica.model)?.pinnedCopies ?? 0;
  if (isWrittenOff(fleet, replica)) return false;
  return pinned > 0 && solidCopies(fleet, replica.model, new Set([replica.id])) < pinned;
}

/**
 * Whether letting this replica go would leave fewer copies than `copies.min` keeps warm. That is no pin: such a replica
 * is never retired for being idle, nor evicted for a newcomer of its own class or a lower one, however long that waits;
 * but it gives way to a newcomer of a higher class, and to a pin, which was accepted as if it were not there.
 */
export function isGuaranteed(fleet: Readonly<Fleet>, replica: Replica): boolean {
  const kept = guaranteedCopies(fleet.models.get(replica.model));
  if (kept === 0 || isWrittenOff(fleet, replica)) return false;
  return solidCopies(fleet, replica.model, new Set([replica.id])) < kept;
}

/** Copies that are kept warm always, pins aside: none of a model that is not to be loaded. */
export const guaranteedCopies = (model: Model | undefined): number => (model?.enabled ? model.minCopies : 0);

/** Copies that a model is to have with or without requests: pinned, or kept warm. */
export const standingCopies = (model: Model | undefined): number =>
  model?.enabled ? Math.max(model.pinnedCopies, model.minCopies) : 0;
