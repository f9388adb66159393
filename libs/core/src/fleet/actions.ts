import type { FailureCause, LoadCause, UnloadCause } from './replica.js';
import type { ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { Millis } from './model.js';

/** Why a request was turned away: one closed list, the same words on every interface (contract, section 2). */
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

/** Why a promise was broken: a closed list. `load_late` and `memory_late` are its own, or of a job before it. */
export const PROMISE_CAUSES = [
  'load_failed',
  'load_late',
  'memory_late',
  'server',
  'operator',
  'outranked',
  'share',
  'queue',
  'restart',
] as const;

export type PromiseCause = (typeof PROMISE_CAUSES)[number];

/** A refusal with what helps the caller. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** When another try could succeed, before bounds and jitter; null where no wait helps. */
  readonly retryAfter: Millis | null;
  /** `loading` only: how far it is, when it should be ready where that can be told, and how many wait before this one. */
  readonly phase?: 'waiting' | 'placed' | 'loading';
  readonly eta?: Millis;
  readonly position?: number;
  /** `load_failed` and `cooling_down` only. */
  readonly cause?: FailureCause;
  /** A word that says more, such as `needs_config`. */
  readonly detail?: string;
}

/** The config to send with a load: a base ModelConfig (JSON) and the ordinals that get a copy. */
export interface LoadConfig {
  readonly base: string;
  readonly gpus: readonly number[];
}

/** Orders, in the imperative. The engine carries them out; the core has already assumed them. */
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
      /** What the same load brings along: the steps of an ensemble. */
      readonly brings: readonly ModelId[];
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
  /** Look at a server: `full` is index, statistics and metrics; `statistics` leaves the index out. */
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
      /** Those it serves: a replica may be drained in the very turn that gives the last route to it. */
      readonly versions: readonly string[];
      /** For how long the route is good: what was asked for, or what a drain with a deadline leaves of it. */
      readonly lease: Millis;
      readonly waited: Millis;
      /** Whether it had to wait for a load. */
      readonly cold: boolean;
      /** It was promised a route while it waited. */
      readonly promised?: true;
    }
  | {
      readonly kind: 'refuse';
      readonly request: RequestId;
      readonly refusal: Refusal;
      /** Of a promised request: why the promise was broken; `unknown` is a fault of ours. */
      readonly broken?: PromiseCause | 'unknown';
    };

export type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;
