import type { FailureCause, LoadCause, UnloadCause } from './replica.js';
import type { ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { Millis } from './model.js';

/** Why a request was refused: a closed list, the same words on every interface (contract, section 2). */
export type RefusalReason =
  | 'unknown_model'
  | 'unknown_version'
  | 'invalid_request'
  | 'disabled'
  | 'infeasible'
  | 'load_failed'
  | 'loading'
  | 'cooling_down'
  | 'deadline_unreachable'
  | 'no_capacity'
  | 'queue_full'
  | 'over_share'
  | 'no_server'
  | 'no_leader'
  | 'store_unavailable'
  | 'shutting_down';

/** Why a promise was broken: a closed list. What came late is the load or memory of its job, or of a job before it. */
export const PROMISE_CAUSES = [
  'load_failed',
  'load_late',
  'memory_late',
  'server',
  'operator',
  'outranked',
  'share',
  'queue',
  'evictions',
  'restart',
] as const;

export type PromiseCause = (typeof PROMISE_CAUSES)[number];

/** A refusal, and what it tells the caller. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** After how long another try could succeed, before bounds and jitter; null where no wait helps. */
  readonly retryAfter: Millis | null;
  /** `loading` only: where the load stands, how long it should still take, and how many requests wait before this one. */
  readonly phase?: 'waiting' | 'placed' | 'loading';
  readonly eta?: Millis;
  readonly position?: number;
  /** `load_failed` and `cooling_down` only. */
  readonly cause?: FailureCause;
  /** Such as `needs_config`. */
  readonly detail?: string;
}

/** The config to send with a load: a base ModelConfig (JSON), and the ordinals of the devices that get a copy. */
export interface LoadConfig {
  readonly base: string;
  readonly gpus: readonly number[];
}

/** What was decided. The engine carries it out; the fleet is already as if that were done. */
export type Action =
  | {
      readonly kind: 'load';
      readonly order: OrderId;
      readonly replica: ReplicaId;
      readonly model: ModelId;
      readonly server: ServerId;
      /** Null: a plain load. */
      readonly config: LoadConfig | null;
      readonly timeout: Millis;
      /** The steps of an ensemble, which the same load brings up. */
      readonly coLoaded: readonly ModelId[];
      readonly cause: LoadCause;
    }
  | {
      readonly kind: 'unload';
      readonly order: OrderId;
      readonly replica: ReplicaId;
      readonly model: ModelId;
      readonly server: ServerId;
      readonly cause: UnloadCause;
      readonly makesRoomFor: ModelId | null;
    }
  /** Look at a server: `full` reads the index, statistics and metrics; `statistics` leaves the index out. */
  | {
      readonly kind: 'look';
      readonly server: ServerId;
      readonly scope: 'full' | 'statistics';
      readonly probeMode: boolean;
    }
  /** Try a new TCP connection to a slow server. */
  | { readonly kind: 'probe'; readonly server: ServerId }
  /** Read the config of a model that serves. */
  | { readonly kind: 'describe'; readonly server: ServerId; readonly model: ModelId }
  | {
      readonly kind: 'grant';
      readonly request: RequestId;
      readonly replica: ReplicaId;
      /** The versions that the replica serves: it may be drained in the same turn. */
      readonly versions: readonly string[];
      /** What was asked for, or what a drain with a deadline leaves of that. */
      readonly lease: Millis;
      readonly waited: Millis;
      /** Whether the request had to wait for a load. */
      readonly cold: boolean;
      /** Whether the request was promised a route. */
      readonly promised?: true;
    }
  | {
      readonly kind: 'refuse';
      readonly request: RequestId;
      readonly refusal: Refusal;
      /** Why the promise of a promised request was broken; `unknown` is a fault of Berth. */
      readonly broken?: PromiseCause | 'unknown';
    };

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;
