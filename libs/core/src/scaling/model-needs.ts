import { claimsOf, ranksAsked } from '../demand/claims.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { settingsOf } from '../fleet/idle-rule.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis, Model, ModelSettings } from '../fleet/model.js';
import type { Booking, Ready, Replica } from '../fleet/replica.js';
import { DEFAULTS } from '../fleet/settings.js';
import { isSpread } from '../memory/device-sets.js';
import { dependenciesOf, isBookedBySteps, reservationOf } from '../memory/footprint.js';
import { copiesOf } from '../memory/pins.js';
import { couldHold } from './could-hold.js';

/** What a fleet needs in order to serve one model. */
export interface ModelNeed {
  readonly model: ModelId;
  /** Copies: one for each device, or for each set of devices over which the backend spreads it. */
  readonly copies: number;
  /** How many of these have to be kept: copies that were used may be more than are asked for. */
  readonly least: number;
  /** On how many GPUs the copies are, and what each of these has to hold; 0 bytes where the model needs no GPU. */
  readonly gpus: number;
  readonly gpuBytes: Bytes;
  readonly hostBytes: Bytes;
}

/** A request counts as demand for so long at least, whatever became of it. */
const ASKED_FOR: Millis = 60_000;

/** How long a model counts as needed after its last use: its idle time, where it has one, but a minute at least. */
export const neededFor = ({ idleUnload }: Pick<ModelSettings, 'idleUnload'>): Millis =>
  Math.max(ASKED_FOR, idleUnload ?? DEFAULTS.idleUnload!);

/**
 * The working set: each model that is needed, and what for. A model is needed where it is pinned or kept warm, where
 * requests wait for it or it is wished for, where demand asks for copies, and where it was asked for or used within its
 * idle time. What such a model depends on is needed, too. A disabled model is not, nor is one that no server could hold:
 * more servers of the same kind would not help it.
 */
export function modelNeeds(fleet: Readonly<Fleet>, now: Instant): ReadonlyMap<ModelId, ModelNeed> {
  const asked = askedCopies(fleet, now);
  const used = usedCopies(fleet, now);
  for (const id of used.keys()) raise(asked, id, 1);
  for (const id of fleet.composed) {
    if (asked.has(id)) for (const needed of dependenciesOf(fleet, id)) raise(asked, needed, 1);
  }
  const needs = new Map<ModelId, ModelNeed>();
  for (const [id, least] of asked) {
    const model = fleet.models.get(id);
    const need = model?.enabled ? needOf(fleet, model, least, Math.max(least, used.get(id) ?? 0)) : null;
    if (need) needs.set(id, need);
  }
  return needs;
}

/** Copies that are asked for, by model. */
function askedCopies(fleet: Readonly<Fleet>, now: Instant): Map<ModelId, number> {
  const asked = new Map<ModelId, number>();
  for (const [id, claims] of claimsOf(fleet, ranksAsked(fleet, [], now))) {
    const copies = claims.at(-1)?.copies ?? 0;
    if (copies > 0) raise(asked, id, copies);
  }
  for (const [id, { at }] of fleet.asks) {
    const model = fleet.models.get(id);
    if (model && now - at < neededFor(model)) raise(asked, id, 1);
  }
  return asked;
}

const raise = (copies: Map<ModelId, number>, id: ModelId, count: number): void =>
  void copies.set(id, Math.max(count, copies.get(id) ?? 0));

/** Copies in use, by model. */
function usedCopies(fleet: Readonly<Fleet>, now: Instant): ReadonlyMap<ModelId, number> {
  const used = new Map<ModelId, number>();
  for (const replica of fleet.replicas.values()) {
    if (replica.phase !== 'ready' || !isUsed(fleet, replica, now)) continue;
    used.set(replica.model, (used.get(replica.model) ?? 0) + copiesOf(fleet, replica));
  }
  return used;
}

/** Whether a copy was used within the time for which its model counts as needed, or is leased. */
const isUsed = (fleet: Readonly<Fleet>, replica: Ready, now: Instant): boolean =>
  replica.inUseUntil > now || now - replica.lastUse < neededFor(settingsOf(fleet, replica));

/** What so many copies book: as much as present ones do, or as would be booked; null where no server could hold one. */
function needOf(fleet: Readonly<Fleet>, model: Model, least: number, copies: number): ModelNeed | null {
  const { id } = model;
  const present = replicasOf(fleet, id);
  const perServer = present.map(({ bookings }) => bookings);
  const gpuBytes = present.length > 0 ? mostOn('gpu:', perServer) : gpuBytesOf(fleet, model);
  if (present.length === 0 && !couldHold(fleet, model, gpuBytes)) return null;
  const host = present.length > 0 ? mostOn('host:', perServer) : hostBytesOf(fleet, model);
  const servers = Math.max(1, present.filter(({ phase }) => phase === 'ready').length);
  return {
    ...{ model: id, copies, least },
    gpus: copies * gpusPerCopy(model, present),
    gpuBytes,
    hostBytes: host * Math.min(copies, servers),
  };
}

const gpuBytesOf = (fleet: Readonly<Fleet>, { id }: Model): Bytes =>
  isBookedBySteps(fleet, id) ? 0 : reservationOf(fleet, undefined, id).bytes;

const hostBytesOf = (fleet: Readonly<Fleet>, { id, hostDeclared, hostBytes }: Model): Bytes =>
  hostDeclared || !fleet.steps.has(id) ? hostBytes : 0;

/** The most that any of these lists books on one account of this kind. */
function mostOn(kind: 'gpu:' | 'host:', lists: readonly (readonly Booking[])[]): Bytes {
  let most = 0;
  for (const list of lists) {
    for (const { account, bytes } of list) if (account.startsWith(kind)) most = Math.max(most, bytes);
  }
  return most;
}

/** A copy that its backend spreads books all devices of its sets. */
function gpusPerCopy(model: Model, present: readonly Replica[]): number {
  if (!isSpread(model)) return 1;
  const devices = present[0]?.devices ?? [...new Set(model.deviceSets.flat())];
  return Math.max(1, devices.length);
}
