import type { AccountId, ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { Bytes, Class, Instant, Millis, Model, ModelSettings } from './model.js';
import type { FailureCause, Replica, UnloadCause } from './replica.js';
import { DEFAULTS, type Limits, LIMITS } from './settings.js';
import { noteMotion } from './meter.js';
import type { Footprint } from './meters.js';
import type { Strain } from './strain-state.js';
import type { LearnedConfig, Server } from './server.js';

export type { Limits };

/** One resolve call that has to wait. */
export interface Request {
  readonly id: RequestId;
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  readonly arrivedAt: Instant;
  /** When it is answered at the latest. */
  readonly deadline: Instant;
  readonly lease: Millis;
  readonly class: Class;
  /** Servers the caller has just failed on. */
  readonly avoid: readonly ServerId[];
}

/** A failed load: when the next try on that server may start. */
export interface Cooldown {
  readonly model: ModelId;
  readonly server: ServerId;
  readonly failures: number;
  readonly until: Instant;
  readonly cause: FailureCause;
  readonly at: Instant;
}

/** Demand that nobody waits for: an admin's order, or a caller that would not or could not wait. */
export interface Wish {
  readonly until: Instant;
  readonly admin: boolean;
  readonly since: Instant;
}

/** A place for a model, and who is to leave it, once fresh statistics say that nobody uses them. */
export interface Reading {
  readonly server: ServerId;
  readonly devices: readonly number[];
  readonly victims: readonly ReplicaId[];
  readonly askedAt: Instant;
}

/** A copy that an admin wants loaded anew where it is: it leaves, and comes back to the same server. */
export interface Reload {
  readonly model: ModelId;
  readonly server: ServerId;
  /** Those it was on when it was ordered to be loaded anew. */
  readonly devices: readonly number[];
  /** When it was seen gone; null before. */
  readonly leftAt: Instant | null;
  /** What was learned of its config before it had left. */
  readonly config: LearnedConfig | null;
}

/** The operator's stop: routes go on, and no load or unload is ordered until it ends. */
export interface Frozen {
  readonly reason: string;
  readonly since: Instant;
  /** Unloads ordered meanwhile, each with whether it skips leases: carried out when the freeze ends. */
  readonly unloads: ReadonlyMap<ModelId, boolean>;
}

/** A model that was measured above its limit: how much the most of it took, and since when that is known. */
export interface Excess {
  readonly bytes: Bytes;
  readonly at: Instant;
  /** Whether an admin has ordered a load all the same. */
  readonly isPardoned: boolean;
}

export interface LastUnload {
  readonly at: Instant;
  readonly cause: UnloadCause;
  readonly makesRoomFor: ModelId | null;
}

/** All that Berth knows. Maps iterate in insertion order, so `waiting` is first come, first served. */
export interface Fleet {
  readonly models: Map<ModelId, Model>;
  readonly servers: Map<ServerId, Server>;
  readonly replicas: Map<ReplicaId, Replica>;
  readonly waiting: Map<RequestId, Request>;
  readonly wishes: Map<ModelId, Wish>;
  readonly cooldowns: Map<ReplicaId, Cooldown>;
  /** The steps of each ensemble whose config was read. */
  readonly steps: Map<ModelId, readonly ModelId[]>;
  /** The models that need others, as declared or learned: few, so that asking who needs a replica is cheap. */
  readonly composed: Set<ModelId>;
  readonly lastUnloads: Map<ModelId, LastUnload>;
  /** The replicas of each model, whatever their phase. */
  readonly holders: Map<ModelId, Set<ReplicaId>>;
  /** The replicas on each server, whatever their phase. */
  readonly residents: Map<ServerId, Set<ReplicaId>>;
  /** The replicas that are not simply ready. They are few, and most passes are about them alone. */
  readonly unsettled: Set<ReplicaId>;
  /** Since when each model has lacked a copy that somebody wants. */
  readonly wantedSince: Map<ModelId, Instant>;
  /** For models that others are to leave for: the plan for which use is being read. */
  readonly readings: Map<ModelId, Reading>;
  /** How hard the models are used of which there may be several copies, as long as one is ready. */
  readonly strains: Map<ModelId, Strain>;
  /** How long the last load of each model took. */
  readonly loadTook: Map<ModelId, Millis>;
  /** When others were evicted for loads onto each device, oldest first; older ones than a minute count no more. */
  readonly swaps: Map<AccountId, readonly Instant[]>;
  /** How many copies of a model were found to be failing, one after the other, since one of it last succeeded. */
  readonly foundFailing: Map<ModelId, number>;
  /** The models that were measured above their limits, since their declarations last changed. */
  readonly excesses: Map<ModelId, Excess>;
  /** What each model was measured to take of a device. */
  readonly footprints: Map<ModelId, Footprint>;
  defaults: ModelSettings;
  limits: Limits;
  /** When the first turn was taken: until every server has been seen, at most 10 s, the cold wait. */
  startedAt: Instant | null;
  /** When the indexes were last refreshed for an unknown name. */
  refreshedAt: Instant | null;
  /** Copies to be loaded anew, in the order in which they were ordered to be. */
  readonly reloads: Map<ReplicaId, Reload>;
  frozen: Frozen | null;
  /** This process is going: nobody is admitted, nothing is ordered. */
  closing: boolean;
  nextOrder: number;
  /** Rises with every change of what may be routed where. */
  routesRevision: number;
}

export const emptyFleet = (): Fleet => ({
  models: new Map(),
  servers: new Map(),
  replicas: new Map(),
  waiting: new Map(),
  wishes: new Map(),
  cooldowns: new Map(),
  steps: new Map(),
  composed: new Set(),
  lastUnloads: new Map(),
  holders: new Map(),
  residents: new Map(),
  unsettled: new Set(),
  wantedSince: new Map(),
  readings: new Map(),
  strains: new Map(),
  loadTook: new Map(),
  swaps: new Map(),
  foundFailing: new Map(),
  excesses: new Map(),
  footprints: new Map(),
  defaults: DEFAULTS,
  limits: LIMITS,
  startedAt: null,
  refreshedAt: null,
  reloads: new Map(),
  frozen: null,
  closing: false,
  nextOrder: 1,
  routesRevision: 0,
});

/**
 * Writes a replica down, in place of what was known of it. One that changes its phase is built with the new keys before
 * what is spread into it: see `evenly`.
 */
export function put(fleet: Fleet, replica: Replica): void {
  const before = fleet.replicas.get(replica.id);
  if ((before?.phase === 'ready') !== (replica.phase === 'ready')) fleet.routesRevision += 1;
  noteMotion(fleet.servers.get(replica.server), before, replica);
  fleet.replicas.set(replica.id, replica);
  if (isSettled(replica)) fleet.unsettled.delete(replica.id);
  else fleet.unsettled.add(replica.id);
  if (before) return;
  addTo(fleet.holders, replica.model, replica.id);
  addTo(fleet.residents, replica.server, replica.id);
}

const isSettled = (replica: Replica): boolean => replica.phase === 'ready' && replica.change === null;

function addTo<Key>(index: Map<Key, Set<ReplicaId>>, key: Key, id: ReplicaId): void {
  const known = index.get(key);
  if (known) known.add(id);
  else index.set(key, new Set([id]));
}

/** Ends a replica and with it its booking. */
export function forget(fleet: Fleet, replica: Replica): void {
  const { id, model, server, phase } = replica;
  if (phase === 'ready') fleet.routesRevision += 1;
  noteMotion(fleet.servers.get(server), replica, undefined);
  fleet.replicas.delete(id);
  fleet.unsettled.delete(id);
  removeFrom(fleet.holders, model, id);
  removeFrom(fleet.residents, server, id);
}

function removeFrom<Key>(index: Map<Key, Set<ReplicaId>>, key: Key, id: ReplicaId): void {
  const known = index.get(key);
  known?.delete(id);
  if (known?.size === 0) index.delete(key);
}

/** The replicas of one model, whatever their phase. */
export const replicasOf = (fleet: Readonly<Fleet>, model: ModelId): Replica[] =>
  byId(fleet, fleet.holders.get(model));

/** The replicas on one server, whatever their phase. */
export const replicasOn = (fleet: Readonly<Fleet>, server: ServerId): Replica[] =>
  byId(fleet, fleet.residents.get(server));

/** The replicas that are not simply ready. */
export const unsettled = (fleet: Readonly<Fleet>): Replica[] => byId(fleet, fleet.unsettled);

/** A loop, since several passes of every turn come here: `Array.from` is many times slower over a set. */
function byId(fleet: Readonly<Fleet>, ids: ReadonlySet<ReplicaId> | undefined): Replica[] {
  const replicas: Replica[] = [];
  if (ids) for (const id of ids) replicas.push(fleet.replicas.get(id)!);
  return replicas;
}

/** The name of the next order. */
export const nextOrder = (fleet: Fleet): OrderId => `o${fleet.nextOrder++}` as OrderId;
