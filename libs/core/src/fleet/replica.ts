import type { AccountId, ModelId, OrderId, ReplicaId, ServerId } from './ids.js';
import type { Bytes, Instant, Millis } from './model.js';

/** Bytes held on one account. */
export interface Booking {
  readonly account: AccountId;
  readonly bytes: Bytes;
}

/** Why loads are ordered. */
export const LOAD_CAUSES = [
  /** A request waits for it. */
  'asked',
  /** A request asked for it that was refused, or a reload that finds no room where the copy was. */
  'wished',
  /** A pin lacks a copy. */
  'pinned',
  /** `copies.min` lacks a copy. */
  'kept_warm',
  /** One copy more: those that are there do not keep up. */
  'demand',
  /** An admin ordered its load. */
  'order',
  /** It comes back after an admin ordered its reload. */
  'reload',
  /** It is in use on a server that drains. */
  'drain',
  /** Another copy of it is to leave, to make room for another model. */
  'moved',
  /** Another copy of it only fails. */
  'replaced',
  /** Another model needs it beside itself. */
  'brought',
] as const;

/**
 * Why a load is ordered. It is the reason of the moment at which the copy was given its place: one that comes later does
 * not change it.
 */
export type LoadCause = (typeof LOAD_CAUSES)[number];

/** Why a replica was let go. */
export type UnloadCause = 'idle' | 'evicted' | 'withdrawn' | 'admin' | 'drain' | 'lost';

/** Why a load failed, sorted by what a caller can do about it. */
export type FailureCause =
  'capacity' | 'configuration' | 'missing' | 'wrong_mode' | 'restricted' | 'transient';

/** A model on a server: what of it and where, whatever its phase. */
export interface Residence {
  readonly id: ReplicaId;
  readonly model: ModelId;
  readonly server: ServerId;
  /** Ordinals of the devices that hold a copy. */
  readonly devices: readonly number[];
  /** What the ledger counts as theirs. */
  readonly bookings: readonly Booking[];
  /** When it entered its phase. */
  readonly since: Instant;
  /** Whether it was found loaded, and Berth did not order it. */
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

/** Ready, and nothing is about to change: so are nearly all replicas of a large fleet. */
export type Settled = Ready & { readonly change: null };

export const isSettled = (replica: Replica): replica is Settled =>
  replica.phase === 'ready' && replica.change === null;

export interface Placed extends Residence {
  readonly phase: 'placed';
  /** The ensemble whose load brings it along; null where it has an order of its own. */
  readonly carriedBy: ReplicaId | null;
  readonly cause: LoadCause;
}

export interface Loading extends Residence {
  readonly phase: 'loading';
  readonly order: OrderId;
  readonly orderedAt: Instant;
  readonly carriedBy: ReplicaId | null;
  readonly cause: LoadCause;
}

/** The counts of the last statistics, and what followed from their changes. */
export interface Pulse {
  readonly lastInference: number;
  readonly succeeded: number;
  readonly failed: number;
  /** How long all requests that succeeded were computed, together. */
  readonly computed: Millis;
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
  /** When the call ended without success, or where its load was later seen to be kept waiting, when that was. */
  readonly endedAt: Instant | null;
  /**
   * Whether it ended with an answer: then the new part is given back once a later look says READY. Without one the load
   * may still run: only a config that shows the new devices, or the time for stuck orders, ends the change.
   */
  readonly answered: boolean;
  /** Null where it was seen to go on after an order without an answer. */
  readonly cause: LoadCause | null;
}

export interface Draining extends Residence {
  readonly phase: 'draining';
  /** What it serves: until the order is sent it may be taken back. */
  readonly versions: readonly string[];
  readonly inUseUntil: Instant;
  /** As it was when the drain began: what only fails is no better for being taken back. */
  readonly pulse: Pulse | null;
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
  /** The begin of the first look that missed its row, which alone proves nothing, if the latest one did too. */
  readonly absentSince: Instant | null;
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
  /** The order of ours that may still be carried out, where the call that sent it ended without an answer. */
  readonly order: OrderId | null;
  /** Whether the latest look showed it on its way in. */
  readonly coming: boolean;
  /** The begin of the first look that showed it absent, if the latest one did too. */
  readonly absentSince: Instant | null;
  readonly cause: UnloadCause | null;
  readonly makesRoomFor: ModelId | null;
}

/** Whether it is on its way out by our order. */
export const isLeaving = (replica: Replica): replica is Draining | Unloading =>
  replica.phase === 'draining' || replica.phase === 'unloading';

/** Of what holds nothing: one list, so that none is made anew. */
export const NO_BOOKINGS: readonly Booking[] = [];

/** What a replica holds and is promised, if it is not leaving: no other can count on that. */
export function stayingOf(replica: Replica): readonly Booking[] {
  switch (replica.phase) {
    case 'draining':
    case 'unloading':
      return NO_BOOKINGS;
    case 'ready':
      return replica.change ? [...replica.bookings, ...replica.change.bookings] : replica.bookings;
    default:
      return replica.bookings;
  }
}
