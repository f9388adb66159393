import type { Now } from '../numbers/now.js';
import { claimsOf, ranksAsked } from '../demand/claims.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Bytes, Model } from '../fleet/model.js';
import { isSpread } from '../memory/device-sets.js';
import { dependenciesOf, isBookedBySteps, isEnsemble, reservationOf } from '../memory/footprint.js';
import { type Holdings, neededFor } from './holdings.js';
import { labelsMatch, type Server } from '../fleet/server.js';
import { isSeen } from '../fleet/standing.js';

/** What a fleet needs in order to serve one model. It is built with its keys in one order: see `withKeysInOrder`. */
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

/**
 * The working set: each model that is needed, and what for. A model is needed where it is pinned or kept warm, where
 * requests wait for it or there is best-effort demand for it, where demand asks for copies, and where it was asked for or used within its
 * idle time. What such a model depends on is needed, too. A disabled model is not, nor is one that no server could hold:
 * more servers of the same kind would not help it.
 */
export function modelNeeds(
  fleet: Readonly<Fleet>,
  holdings: ReadonlyMap<ModelId, Holdings>,
  now: Now,
): ReadonlyMap<ModelId, ModelNeed> {
  const asked = askedCopies(fleet, now);
  for (const [id, { used }] of holdings) if (used > 0) raiseTo(asked, id, 1);
  addSteps(fleet, asked);
  const needs = new Map<ModelId, ModelNeed>();
  for (const [id, least] of asked) {
    const model = fleet.models.get(id);
    if (!model?.enabled) continue;
    const held = holdings.get(id);
    const need = held ? heldNeed(model, held, least) : absentNeed(fleet, model, least);
    if (need) needs.set(id, need);
  }
  return needs;
}

/** Adds a copy of all that the models depend on. */
function addSteps(fleet: Readonly<Fleet>, asked: Map<ModelId, number>): void {
  for (const id of fleet.composed) {
    if (asked.has(id)) for (const needed of dependenciesOf(fleet, id)) raiseTo(asked, needed, 1);
  }
}

/** Copies that are asked for, by model. */
function askedCopies(fleet: Readonly<Fleet>, now: Now): Map<ModelId, number> {
  const asked = new Map<ModelId, number>();
  for (const [id, claims] of claimsOf(fleet, ranksAsked(fleet, [], now))) {
    const copies = claims.at(-1)?.copies ?? 0;
    if (copies > 0) raiseTo(asked, id, copies);
  }
  for (const [id, { at }] of fleet.requestRates) {
    const model = fleet.models.get(id);
    if (model && now.stamp - at < neededFor(model)) raiseTo(asked, id, 1);
  }
  return asked;
}

const raiseTo = (copies: Map<ModelId, number>, id: ModelId, count: number): void =>
  void copies.set(id, Math.max(count, copies.get(id) ?? 0));

/** What so many copies book, by those that are there. A copy that its backend spreads books all devices of its sets. */
function heldNeed(model: Model, held: Holdings, least: number): ModelNeed {
  const copies = Math.max(least, held.used);
  return {
    model: model.id,
    copies,
    least,
    gpus: copies * (isSpread(model) ? held.devices : 1),
    gpuBytes: held.gpuBytes,
    hostBytes: held.hostBytes * Math.min(copies, Math.max(1, held.servers)),
  };
}

/** What so many copies would book; null where no server could hold one. */
function absentNeed(fleet: Readonly<Fleet>, model: Model, copies: number): ModelNeed | null {
  const { id, deviceSets, hostDeclared, hostBytes } = model;
  const gpuBytes = isBookedBySteps(fleet, id) ? 0 : reservationOf(fleet, undefined, id).bytes;
  if (!couldHold(fleet, model, gpuBytes)) return null;
  return {
    model: id,
    copies,
    least: copies,
    gpus: copies * Math.max(1, new Set(deviceSets.flat()).size),
    gpuBytes,
    hostBytes: hostDeclared || !isEnsemble(fleet, id) ? hostBytes : 0,
  };
}

/**
 * Whether any known server could hold a model with so many bytes on a GPU: it has the labels, a device of that size, and
 * the model in its repository. A server that was never seen could, and where there is no server any model counts.
 */
function couldHold(fleet: Readonly<Fleet>, model: Model, gpuBytes: Bytes): boolean {
  if (fleet.servers.size === 0) return true;
  for (const server of fleet.servers.values()) {
    if (labelsMatch(server, model) && couldBeOn(server, model, gpuBytes)) return true;
  }
  return false;
}

function couldBeOn(server: Server, { id }: Model, gpuBytes: Bytes): boolean {
  if (!isSeen(server)) return true;
  if (!server.repository.has(id)) return false;
  const { devices } = server;
  if (devices === null || devices.length === 0) return true;
  return devices.some(({ kind, capacity }) => kind === 'cpu' || gpuBytes <= capacity);
}
