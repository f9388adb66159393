import type { AccountId, ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { ControlMode, IndexRow } from './look.js';
import type { Bytes, Class, Instant, Millis, Model, ModelSettings } from './model.js';

/** One GPU of a server, or the processor of a server that has none. */
export interface Device {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly kind: 'gpu' | 'cpu';
  /** The purse it draws on: its own for a gpu, the host's for a cpu. */
  readonly account: AccountId;
  /** What we may fill: memory less headroom. */
  readonly capacity: Bytes;
  /** Bytes in use by anybody, as last measured; null where nothing tells. */
  readonly used: Bytes | null;
}

/**
 * How we stand with a server's control port:
 *
 *   connecting ──> up <──> slow ──> lost
 *                  └──> down ──> lost        down: the connection ended; lost after 2 s without a new one
 *
 * `slow` keeps its routes but takes nothing new; `lost` has none.
 */
export type Contact =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'up' }
  | { readonly kind: 'slow'; readonly probesFailed: number; readonly nextProbeAt: Instant }
  | { readonly kind: 'down'; readonly since: Instant }
  | { readonly kind: 'lost' };

/** A Triton ModelConfig read from a loaded model. */
export interface LearnedConfig {
  /** The whole config as canonical JSON. */
  readonly json: string;
  readonly kind: 'gpu' | 'cpu' | 'model';
  /** Ordinals that hold a copy; empty for cpu and where Triton does not say. */
  readonly gpus: readonly number[];
  /** Instances per device. */
  readonly count: number;
}

/** What the operator told of a server. */
export interface ServerSpec {
  readonly id: ServerId;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly hostMemory: Bytes | null;
  readonly discover: boolean;
  readonly strangers: 'keep' | 'adopt' | 'retire';
  /** Null: found from the metrics. */
  readonly devices:
    | readonly {
        readonly ordinal: number;
        readonly uuid: string | null;
        readonly memory: Bytes;
        readonly headroom: Bytes;
      }[]
    | null;
}

/** One Triton process as far as we know it. */
export interface Server {
  spec: ServerSpec;
  contact: Contact;
  /** Whether a connection attempt was refused since the last look: the process has died in between. */
  refused: boolean;
  /** Whether a look was taken over the present connection; before it no route is given. */
  looked: boolean;
  /** Whether it was ever looked at, in this life of ours or (as a learned fact) in an earlier one. */
  everSeen: boolean;
  mode: ControlMode | null;
  version: string | null;
  incarnation: number;
  /** Null until declared or found. */
  devices: readonly Device[] | null;
  /** The names its repository lists, loaded or not. */
  repository: ReadonlySet<ModelId>;
  /** The last index, by model. */
  rows: ReadonlyMap<ModelId, readonly IndexRow[]>;
  /** When the last full look, and the last reading of statistics, began. */
  lookedAt: Instant | null;
  statisticsAt: Instant | null;
  /** Whether the metrics answered in the last look. */
  metricsAnswered: boolean;
  /** Requests queued inside Triton, per model. */
  pending: ReadonlyMap<ModelId, number>;
  /** A look ordered and not yet reported. */
  looking: 'full' | 'statistics' | null;
  /** When the last full look, and the last of either kind, was reported, and how long the latter took. */
  fullEndedAt: Instant | null;
  anyEndedAt: Instant | null;
  lookTook: Millis;
  /** Somebody needs a full look, or statistics, begun at or after this instant. */
  lookWanted: Instant | null;
  statisticsWanted: Instant | null;
  drain: { readonly since: Instant; readonly deadline: Instant | null } | null;
  readonly configs: Map<ModelId, LearnedConfig>;
  /** Models whose config was asked for in this incarnation. */
  readonly described: Set<ModelId>;
  /** What we ordered here, with the steps that came up through it: everything else found is a stranger. */
  readonly ordered: Set<ModelId>;
  /** Copies that live on behind a newer row, or whose row is gone: booked until time or a new incarnation ends them. */
  hidden: readonly HiddenCopy[];
}

/** A copy that no call of Triton's shows any more, and whose memory may still be held. */
export interface HiddenCopy {
  readonly model: ModelId;
  readonly bookings: readonly Booking[];
  readonly until: Instant;
}

/** Bytes held on one account. */
export interface Booking {
  readonly account: AccountId;
  readonly bytes: Bytes;
}

/** Why a replica was let go. */
export type UnloadCause = 'idle' | 'evicted' | 'withdrawn' | 'admin' | 'drain' | 'lost';

/** Why a load failed, sorted by what a caller can do about it. */
export type FailureCause =
  'capacity' | 'configuration' | 'missing' | 'wrong_mode' | 'restricted' | 'transient';

interface Residence {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** Ordinals of the devices that hold a copy. */
  readonly devices: readonly number[];
  /** What the ledger counts as theirs. */
  readonly bookings: readonly Booking[];
  /** When it entered its phase. */
  readonly since: Instant;
  /** Whether somebody else loaded it. */
  readonly stranger: boolean;
}

/**
 * A model on one server, from the decision to put it there until its memory is known to be free again:
 *
 *   placed ──> loading ──> ready ──> draining ──> unloading ──> (gone)
 *                 │          │                      │
 *                 └──────────┴────> unknown <───────┘
 *
 * `placed` waits for memory that others are leaving, or for a load slot. `unknown` is an order whose outcome we
 * did not learn, or something found half way; only a look at the server ends it.
 */
export type Replica = Placed | Loading | Ready | Draining | Unloading | Unknown;
export type Phase = Replica['phase'];

export interface Placed extends Residence {
  readonly phase: 'placed';
  /** The ensemble whose load brings it along; null where it has an order of its own. */
  readonly carriedBy: ReplicaId | null;
}

export interface Loading extends Residence {
  readonly phase: 'loading';
  readonly order: OrderId;
  readonly orderedAt: Instant;
  readonly carriedBy: ReplicaId | null;
}

/** The counts of the last statistics, and what followed from their changes. */
export interface Pulse {
  readonly lastInference: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failures since the last success, summed over looks. */
  readonly failures: number;
}

export interface Ready extends Residence {
  readonly phase: 'ready';
  readonly versions: readonly string[];
  readonly lastUse: Instant;
  /** The latest end of a lease given on it. */
  readonly inUseUntil: Instant;
  readonly pulse: Pulse | null;
  /** A load under way that changes its devices in place. */
  readonly change: Change | null;
}

/** An in-place change of devices: old and new are both held until it has ended. */
export interface Change {
  /** Null while it waits for memory or a load slot: until then the new part is only promised. */
  readonly order: OrderId | null;
  readonly orderedAt: Instant;
  readonly devices: readonly number[];
  readonly bookings: readonly Booking[];
  /** When the call ended without success; the new part is given back once a later look says READY. */
  readonly endedAt: Instant | null;
}

export interface Draining extends Residence {
  readonly phase: 'draining';
  readonly inUseUntil: Instant;
  readonly cause: UnloadCause;
  /** The model it makes room for. */
  readonly makesRoomFor: ModelId | null;
}

export interface Unloading extends Residence {
  readonly phase: 'unloading';
  readonly order: OrderId;
  readonly orderedAt: Instant;
  /** When Triton acknowledged the order, which is long before the memory is back. */
  readonly answeredAt: Instant | null;
  readonly cause: UnloadCause;
  readonly makesRoomFor: ModelId | null;
}

export interface Unknown extends Residence {
  readonly phase: 'unknown';
  /** What left it unknown: an order without an answer, a load answered with an error, or something found. */
  readonly after: 'load' | 'load_failed' | 'unload' | 'found';
  /** When the call that left it so ended, or when it was found. */
  readonly endedAt: Instant;
  /** When the load that may still run was ordered; null where none of ours may. */
  readonly loadOrderedAt: Instant | null;
  /** Whether the latest look showed it on its way in. */
  readonly coming: boolean;
  /** The begin of the first look that showed it absent, if the latest one did too. */
  readonly absentSince: Instant | null;
  readonly cause: UnloadCause | null;
  readonly makesRoomFor: ModelId | null;
}

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

/** Writes a replica down, in place of what was known of it. */
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
