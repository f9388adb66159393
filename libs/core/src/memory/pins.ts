import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { Instant, Model } from '../fleet/model.js';
import { isFailing, type Ready, type Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isSpread } from './device-sets.js';
import { isWhole } from './footprint.js';
import { total } from '../numbers/groups.js';
import { isRoutable } from '../fleet/standing.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import { settingsOf } from '../fleet/idle-rule.js';

/** How many copies a replica is: one for each device, but one in all where its backend spreads it. */
export const copiesOf = (fleet: Readonly<Fleet>, { model, devices }: Replica): number =>
  copiesOn(fleet.models.get(model), devices);

/** How many copies a model has on these devices of a server. */
export const copiesOn = (model: Model | undefined, devices: readonly number[]): number =>
  isSpread(model) ? 1 : Math.max(1, devices.length);

/** How many ready copies of a model are on servers that stay, without the given replicas and written-off ones. */
export function solidCopies(
  fleet: Readonly<Fleet>,
  model: ModelId,
  except: Pick<ReadonlySet<ReplicaId>, 'has'> = new Set(),
): number {
  const left = solidReplicas(fleet, model).filter(({ id }) => !except.has(id));
  return total(left, (replica) => copiesOf(fleet, replica));
}

/** Ready replicas of a model on servers that stay, without failing ones. */
export const servingReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  solidReplicas(fleet, model).filter((replica) => !isFailing(replica));

const solidReplicas = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter((replica) => isSolidCopy(fleet, replica));

/** Whether a replica is ready on a server that stays, and not replaced. */
export const isSolidCopy = (fleet: Readonly<Fleet>, replica: Replica): replica is Ready =>
  replica.phase === 'ready' && isSolid(fleet.servers.get(replica.server)) && !isVoid(fleet, replica);

const isSolid = (server: Server | undefined): boolean =>
  server !== undefined && server.drain === null && isRoutable(server);

/**
 * Whether a pin keeps this copy: fewer copies than are pinned come before it, larger replicas before smaller ones, then older
 * ones. So it keeps the same ones whatever asks; the others leave for what other pins lack.
 *
 * @param among the copies that count: at first those that are ready on servers that stay.
 */
export function isPinProtected(
  fleet: Readonly<Fleet>,
  replica: Replica,
  among?: readonly Replica[],
): boolean {
  const pinned = fleet.models.get(replica.model)?.pinnedCopies ?? 0;
  if (pinned === 0 || isVoid(fleet, replica)) return false;
  const ranked = (among ?? solidReplicas(fleet, replica.model))
    .filter((one) => !isVoid(fleet, one))
    .toSorted((one, other) => copiesOf(fleet, other) - copiesOf(fleet, one));
  const at = ranked.findIndex(({ id }) => id === replica.id);
  return total(ranked.slice(0, at < 0 ? undefined : at), (one) => copiesOf(fleet, one)) < pinned;
}

/**
 * Whether fewer copies than `copies.min` would be left without this replica. Such a replica is never retired for being
 * idle, nor evicted for its own class or a lower one. It is evicted for a higher class, and for a pin, since pins are
 * accepted as if it were not there.
 */
export function isGuaranteed(fleet: Readonly<Fleet>, replica: Replica): boolean {
  const copies = guaranteedCopies(fleet.models.get(replica.model));
  if (copies === 0 || isVoid(fleet, replica)) return false;
  return solidCopies(fleet, replica.model, new Set([replica.id])) < copies;
}

/** Copies that `copies.min` keeps warm: none of a disabled model. */
export const guaranteedCopies = (model: Model | undefined): number => (model?.enabled ? model.minCopies : 0);

/** Copies that a model is to have without any request: pinned, or kept warm. */
export const standingCopies = (model: Model | undefined): number =>
  model?.enabled ? Math.max(model.pinnedCopies, model.minCopies) : 0;

/** Whether a copy counts for nothing: it cannot serve, or is replaced. */
export const isVoid = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  isReplaced(fleet, replica) || (replica.phase === 'ready' && !isWhole(fleet, replica));

/** Whether another copy is to stand in for one: it is failing, and the operator wants such copies replaced. */
export const isReplaced = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  replica.phase === 'ready' && isFailing(replica) && settingsOf(fleet, replica).onFailing === 'replace';

export const replacedCopies = (fleet: Readonly<Fleet>, model: ModelId): Ready[] =>
  replicasOf(fleet, model).filter((replica): replica is Ready => isReplaced(fleet, replica));

/** The models of which a written-off copy is in use, and no copy has succeeded since: another one is to stand in for it. */
export function toReplace(fleet: Readonly<Fleet>, now: Now): ModelId[] {
  const models: ModelId[] = [];
  for (const model of fleet.foundFailing.keys())
    if (!now.has(replacedInUseUntil(fleet, model))) models.push(model);
  return models;
}

/** Until when a copy is needed to stand in for a written-off one: for as long as that one is not idle. */
export function standsInUntil(fleet: Readonly<Fleet>, replica: Ready): Instant {
  if (!fleet.foundFailing.has(replica.model) || isReplaced(fleet, replica)) return -Infinity;
  return replacedInUseUntil(fleet, replica.model);
}

/** Until when the written-off copies are in use, strangers included. */
function replacedInUseUntil(fleet: Readonly<Fleet>, model: ModelId): Instant {
  const { idleUnload } = fleet.models.get(model) ?? fleet.defaults;
  const ends = replacedCopies(fleet, model).map(({ lastUse, inUseUntil }) =>
    Math.max(lastUse + (idleUnload ?? Infinity), inUseUntil),
  );
  return Math.max(-Infinity, ...ends);
}
