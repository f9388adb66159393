import type { ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { Class, Instant, Millis, Model, ModelSettings } from './model.js';
import type { FailureCause, Replica, UnloadCause } from './replica.js';
import type { Server } from './server.js';

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

export interface LastUnload {
  readonly at: Instant;
  readonly cause: UnloadCause;
  readonly makesRoomFor: ModelId | null;
}

/** Bounds over the whole fleet. */
export interface Limits {
  readonly globalQueue: number;
  readonly loadsPerServer: number;
  readonly loadsPerDevice: number;
  /** How long a newcomer waits before replicas in use may be drained for it. */
  readonly starvation: Millis;
  readonly stuckAfter: Millis;
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
  /** Since when each model has lacked a copy that somebody wants. */
  readonly wantedSince: Map<ModelId, Instant>;
  /** How long the last load of each model took. */
  readonly loadTook: Map<ModelId, Millis>;
  defaults: ModelSettings;
  limits: Limits;
  /** When the first turn was taken: until every server has been seen, at most 10 s, the cold wait. */
  startedAt: Instant | null;
  /** When the indexes were last refreshed for an unknown name. */
  refreshedAt: Instant | null;
  /** This process is going: nobody is admitted, nothing is ordered. */
  closing: boolean;
  nextOrder: number;
  /** Rises with every change of what may be routed where. */
  routesRevision: number;
}

const MIB = 2 ** 20;

/** What holds until the operator's settings are told. */
const DEFAULTS: ModelSettings = {
  enabled: true,
  gpuBytes: 2048 * MIB,
  hostBytes: 4096 * MIB,
  sizesDeclared: false,
  idleUnload: 300_000,
  idleMode: 'strict',
  loadTimeout: 300_000,
  minResidency: 30_000,
  class: 'default',
  coldStart: { policy: 'queue', maxQueue: 100, maxWait: 60_000, loadWhenShed: true },
};

const LIMITS: Limits = {
  globalQueue: 5000,
  loadsPerServer: 2,
  loadsPerDevice: 1,
  starvation: 30_000,
  stuckAfter: 350_000,
};

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
  wantedSince: new Map(),
  loadTook: new Map(),
  defaults: DEFAULTS,
  limits: LIMITS,
  startedAt: null,
  refreshedAt: null,
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
  fleet.replicas.set(replica.id, replica);
  const holders = fleet.holders.get(replica.model);
  if (holders) holders.add(replica.id);
  else fleet.holders.set(replica.model, new Set([replica.id]));
}

/** Ends a replica and with it its booking. */
export function forget(fleet: Fleet, { id, model, phase }: Replica): void {
  if (phase === 'ready') fleet.routesRevision += 1;
  fleet.replicas.delete(id);
  const holders = fleet.holders.get(model);
  holders?.delete(id);
  if (holders?.size === 0) fleet.holders.delete(model);
}

/** The replicas of one model, whatever their phase. */
export function replicasOf(fleet: Readonly<Fleet>, model: ModelId): Replica[] {
  return [...(fleet.holders.get(model) ?? [])].map((id) => fleet.replicas.get(id)!);
}

/** The name of the next order. */
export const nextOrder = (fleet: Fleet): OrderId => `o${fleet.nextOrder++}` as OrderId;
