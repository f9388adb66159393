import type { AccountId, ModelId, OrderId, ReplicaId, ServerId } from './ids.js';
import type { Bytes, Instant } from './model.js';

/** Bytes held on one account. */
export interface Booking {
  readonly account: AccountId;
  readonly bytes: Bytes;
}

/** Why a load is ordered: the reason at the moment at which the copy got its place. */
export const LOAD_CAUSES = [
  /** A request waits for it. */
  'asked',
  /** A refused request asked for it, or a reload found no room where the copy was. */
  'wished',
  /** A pin lacks a copy. */
  'pinned',
  /** `copies.min` lacks a copy. */
  'kept_warm',
  /** The present copies do not keep up. */
  'demand',
  /** An admin ordered its load. */
  'order',
  /** It comes back after an admin ordered its reload. */
  'reload',
  /** It is in use on a server that drains. */
  'drain',
  /** Another copy of it is failing. */
  'replaced',
  /** Another model needs it beside itself. */
  'brought',
] as const;

export type LoadCause = (typeof LOAD_CAUSES)[number];

/** The causes of loads that the operator orders: they may take the time of a promise. */
export const BY_ORDER: ReadonlySet<LoadCause> = new Set<LoadCause>([
  'pinned',
  'kept_warm',
  'order',
  'reload',
  'drain',
  'replaced',
]);

/** Why a replica was drained, or went missing. */
export type UnloadCause = 'idle' | 'evicted' | 'withdrawn' | 'admin' | 'drain' | 'lost';

/** Why a load failed, sorted by what a caller can do about it. */
export type FailureCause =
  'capacity' | 'configuration' | 'missing' | 'wrong_mode' | 'restricted' | 'transient';

/** What a replica has in every phase. */
export interface Residence {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** Ordinals of the devices that hold a copy. */
  readonly devices: readonly number[];
  /** What the ledger counts for it, held or promised. */
  readonly bookings: readonly Booking[];
  /** When it entered its phase. */
  readonly since: Instant;
  /** Whether it was found loaded without an order of Berth. */
  readonly stranger: boolean;
}

/**
 * A model on one server, from the decision to put it there until its memory is known to be free again:
 *
 *   placed ──> loading ──> ready ──> draining ──> unloading ──> (gone)
 *                 │          │                      │
 *                 └──────────┴────> unknown <───────┘
 *
 * `placed` waits for memory that others are leaving, or for a load slot. `unknown` is an order whose outcome is not
 * known, or a copy that was found on its way in or out; only a look at the server ends it.
 */
export type Replica = Placed | Loading | Ready | Draining | Unloading | Unknown;
export type Phase = Replica['phase'];

export interface Placed extends Residence {
  readonly phase: 'placed';
  /** The ensemble with whose load it is co-loaded; null where it has an order of its own. */
  readonly coLoadedBy: ReplicaId | null;
  readonly cause: LoadCause;
}

export interface Loading extends Residence {
  readonly phase: 'loading';
  readonly order: OrderId;
  readonly orderedAt: Instant;
  /** The deadline that its call was sent with. */
  readonly deadline: Instant;
  readonly coLoadedBy: ReplicaId | null;
  readonly cause: LoadCause;
}

/** The counts of the last statistics, and the failures that followed from their changes. */
export interface Pulse {
  readonly lastInference: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failures since the last success, summed over looks. */
  readonly failures: number;
  /** What was executed lately, the oldest first. */
  readonly recent: readonly Tally[];
}

/** How many executions were read within some seconds from a moment on, and how many of them had failed. */
export interface Tally {
  readonly at: Instant;
  readonly of: number;
  readonly failed: number;
}

export interface Ready extends Residence {
  readonly phase: 'ready';
  readonly versions: readonly string[];
  readonly lastUse: Instant;
  /** The latest end of a lease given on it. */
  readonly inUseUntil: Instant;
  readonly pulse: Pulse | null;
  /** Whether Triton acknowledged our unload of it, and goes on to serve it: no further unload has an effect. */
  readonly outlived: boolean;
}

export interface Draining extends Residence {
  readonly phase: 'draining';
  /** Kept, since the drain may be cancelled until the unload is ordered. */
  readonly versions: readonly string[];
  readonly inUseUntil: Instant;
  /** As it was when the drain began. */
  readonly pulse: Pulse | null;
  /** The revision of the routes that first lacks its route: see `isAcknowledged`. */
  readonly withdrawnIn: number;
  /** Whether leases on it are not waited for. */
  readonly isForced: boolean;
  readonly cause: UnloadCause;
  /** The model it makes room for. */
  readonly makesRoomFor: ModelId | null;
}

export interface Unloading extends Residence {
  readonly phase: 'unloading';
  readonly order: OrderId;
  readonly orderedAt: Instant;
  /** When its last lease had ended, the configs beside it were told, and no freeze kept its order back. */
  readonly emptiedAt: Instant;
  /** When Triton acknowledged the order, which is long before the memory is back. */
  readonly answeredAt: Instant | null;
  /** When the first of the looks began that in a row, up to the latest, did not show it; null where the latest did. */
  readonly absentSince: Instant | null;
  readonly cause: UnloadCause;
  readonly makesRoomFor: ModelId | null;
}

/** When an order was given, and the deadline of its call. */
export type Sent = Pick<Loading, 'orderedAt' | 'deadline'>;

/** What looks show of a copy. */
export interface Sight {
  /** By the latest look; before one, what is to be expected. */
  readonly shows: 'nothing' | 'coming' | 'leaving' | 'serving' | 'absent';
  /** When the first of the looks began that in a row, up to the latest, show this; null where none of them counts yet. */
  readonly since: Instant | null;
}

export const UNSEEN: Sight = { shows: 'nothing', since: null };

/** It is unknown since the call of our order has ended, or since a look told. */
export interface Unknown extends Residence {
  readonly phase: 'unknown';
  /** What left it unknown: a load or unload without an answer, a load that failed, or a look. */
  readonly after: 'load' | 'load_failed' | 'unload' | 'found';
  /** How our order was sent that may still be in work, where its call ended without an answer. */
  readonly sent: Sent | null;
  readonly sight: Sight;
  readonly cause: UnloadCause | null;
  readonly makesRoomFor: ModelId | null;
}

/** Failures without a success in between that mark a replica as failing. */
const FAILURES_TO_FLAG = 3;

/** Whether a copy is ready by Triton's word, but serves nothing with success. */
export const isFailing = ({ pulse }: Pick<Ready, 'pulse'>): boolean =>
  (pulse?.failures ?? 0) >= FAILURES_TO_FLAG;

/** Whether it serves although its unload was acknowledged. */
export const hasOutlived = (replica: Replica): boolean => replica.phase === 'ready' && replica.outlived;

/** Whether it serves: a copy that drains still does. */
export const isUp = (replica: Replica): replica is Ready | Draining =>
  replica.phase === 'ready' || replica.phase === 'draining';

/** Whether Berth drains or unloads it. */
export const isLeaving = (replica: Replica): replica is Draining | Unloading =>
  replica.phase === 'draining' || replica.phase === 'unloading';

/** Whether its state is unknown, and it is on its way in by the latest look. */
export const isSeenComing = (replica: Replica): replica is Unknown =>
  replica.phase === 'unknown' && replica.sight.shows === 'coming';

/** Whether its state is unknown, and looks that count show it absent. */
export const isSeenAbsent = (replica: Replica): boolean =>
  replica.phase === 'unknown' && replica.sight.shows === 'absent' && replica.sight.since !== null;

/** Whether a load of it runs. */
export const isLoading = (replica: Replica): boolean => replica.phase === 'loading' || isSeenComing(replica);

/** Whether Triton was told to unload it, and the unload is not seen to have happened. */
export const isBeingUnloaded = (replica: Replica): boolean =>
  replica.phase === 'unloading' || (replica.phase === 'unknown' && replica.after === 'unload');

/** The bookings of what holds nothing: one list, which is compared by identity. */
export const NO_BOOKINGS: readonly Booking[] = [];

/** What a replica holds and is promised, unless it is leaving. */
export const stayingOf = (replica: Replica): readonly Booking[] =>
  isLeaving(replica) ? NO_BOOKINGS : replica.bookings;
