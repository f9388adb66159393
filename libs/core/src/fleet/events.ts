import type { Limits, Request } from './fleet.js';
import type { Footprint } from './meters.js';
import type { FailureCause } from './replica.js';
import type { LearnedConfig, ServerSpec } from './server.js';
import type { ModelId, OrderId, ReplicaId, RequestId, ServerId } from './ids.js';
import type { LoadTimes } from '../learned/load-times.js';
import type { ControlMode, Look } from '../looks/look.js';
import type { Bytes, Instant, Model, ModelSettings } from './model.js';
import type { PressureLevel } from './pressure.js';

/** What an order did; `versions` are those a load made ready, empty where that was not learned. `unknown` covers deadlines and lost connections: the server may still be working on it. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly versions: readonly string[] }
  | { readonly kind: 'failed'; readonly cause: FailureCause }
  | { readonly kind: 'unknown' };

/** What the connection to a server's control port did. */
export type ContactFact =
  | 'connected'
  /** The connection ended and we did not close it. */
  | 'ended'
  /** We closed the connection, since the server is reached otherwise now: another one is made to the same address. */
  | 'closed'
  /** We closed the connection, since the server is reached at another address now: the same process may listen there, or another one. */
  | 'moved'
  /** An attempt to connect was refused: no process listens. */
  | 'refused'
  /** It says that it is shutting down. */
  | 'leaving'
  /** A new TCP connection to a slow server was accepted, or was not within 2 s. */
  | 'probe_accepted'
  | 'probe_timed_out';

/** A device as remembered from an earlier life of ours. */
export interface RememberedDevice {
  readonly ordinal: number;
  readonly uuid: string | null;
  readonly kind: 'gpu' | 'cpu';
  readonly capacity: Bytes;
}

/** A copy that an admin wants gone, and whether leases are skipped for it. */
export interface CopyToGo {
  readonly server: ServerId;
  readonly force: boolean;
}

/** A copy that an admin wants loaded anew, and whether it was seen gone for that: then it is to come back. */
export interface CopyToReload {
  readonly server: ServerId;
  readonly hasLeft: boolean;
}

/** How long loads of a model take on one server. */
export interface ServerLoadTimes {
  readonly server: ServerId;
  readonly times: LoadTimes;
}

/** Facts, in the past tense. They carry no decision. Every one is safe to hear twice, late, or about something gone. */
export type Event =
  | { readonly kind: 'LimitsSet'; readonly limits: Limits; readonly defaults: ModelSettings }
  | { readonly kind: 'ModelDeclared'; readonly model: Model }
  | { readonly kind: 'ModelWithdrawn'; readonly model: ModelId }
  | { readonly kind: 'ServerDeclared'; readonly server: ServerSpec }
  /** Forgotten: its models stay loaded. */
  | { readonly kind: 'ServerWithdrawn'; readonly server: ServerId }
  /** What an earlier life of ours had learned of a server. */
  | {
      readonly kind: 'ServerRemembered';
      readonly server: ServerId;
      readonly repository: readonly ModelId[];
      readonly devices: readonly RememberedDevice[];
    }
  /** What we ordered on a server in earlier lives: found there, it is no stranger. */
  | { readonly kind: 'OrdersRemembered'; readonly server: ServerId; readonly models: readonly ModelId[] }
  /** Until when copies on a server are leased by routes that earlier lives gave, where that is longer than the default lease. */
  | {
      readonly kind: 'LeasesRemembered';
      readonly server: ServerId;
      readonly leases: readonly { readonly model: ModelId; readonly until: Instant }[];
    }
  | { readonly kind: 'StepsRemembered'; readonly model: ModelId; readonly steps: readonly ModelId[] }
  | {
      readonly kind: 'LoadTimesRemembered';
      readonly model: ModelId;
      /** Of all its loads, wherever they ran. */
      readonly anywhere: LoadTimes;
      readonly on: readonly ServerLoadTimes[];
    }
  | { readonly kind: 'LoadPaceRemembered'; readonly server: ServerId; readonly pace: LoadTimes }
  | { readonly kind: 'FootprintRemembered'; readonly model: ModelId; readonly footprint: Footprint }
  | { readonly kind: 'RequestArrived'; readonly request: Request }
  | { readonly kind: 'RequestCancelled'; readonly request: RequestId }
  /** Routes handed out without a turn: how many, the latest use and the latest lease end per replica. */
  | {
      readonly kind: 'RoutesUsed';
      readonly uses: readonly {
        readonly replica: ReplicaId;
        readonly at: Instant;
        readonly inUseUntil: Instant;
        readonly routes: number;
      }[];
    }
  /** A caller said that it has just failed on these servers. */
  | { readonly kind: 'ServersDoubted'; readonly servers: readonly ServerId[] }
  | {
      readonly kind: 'LoadEnded';
      readonly order: OrderId;
      readonly replica: ReplicaId;
      readonly outcome: Outcome;
    }
  | {
      readonly kind: 'UnloadEnded';
      readonly order: OrderId;
      readonly replica: ReplicaId;
      readonly outcome: Outcome;
    }
  | { readonly kind: 'ContactChanged'; readonly server: ServerId; readonly fact: ContactFact }
  | { readonly kind: 'Looked'; readonly server: ServerId; readonly look: Look }
  | {
      readonly kind: 'LookFailed';
      readonly server: ServerId;
      /**
       * `not_now`: it answered, twice, that it could not tell just then. A mode: the look itself is not allowed, so no orders
       * are either.
       */
      readonly why: 'timed_out' | 'unreachable' | 'not_now' | 'nonsense' | { readonly mode: ControlMode };
    }
  | {
      readonly kind: 'ConfigLearned';
      readonly server: ServerId;
      readonly model: ModelId;
      readonly config: LearnedConfig;
      /** What an ensemble is made of; empty for everything else. */
      readonly steps: readonly ModelId[];
    }
  | { readonly kind: 'LoadOrdered'; readonly model: ModelId; readonly until: Instant }
  | { readonly kind: 'UnloadOrdered'; readonly model: ModelId; readonly force: boolean }
  /** Loads the copies anew that are there; where there is none it is an order to load, wished for until then. */
  | { readonly kind: 'ReloadOrdered'; readonly model: ModelId; readonly until: Instant }
  /** What admins had ordered in an earlier life of ours, and was not done when that ended. */
  | { readonly kind: 'UnloadRemembered'; readonly model: ModelId; readonly copies: readonly CopyToGo[] }
  | { readonly kind: 'ReloadRemembered'; readonly model: ModelId; readonly copies: readonly CopyToReload[] }
  | { readonly kind: 'DrainOrdered'; readonly server: ServerId; readonly deadline: Instant | null }
  | { readonly kind: 'DrainEnded'; readonly server: ServerId }
  | { readonly kind: 'FreezeOrdered'; readonly reason: string; readonly since: Instant }
  | { readonly kind: 'FreezeEnded' }
  /** How hard this process is pressed by its own work: its event loop lags, or its memory runs out. */
  | { readonly kind: 'PressureChanged'; readonly level: PressureLevel }
  /** This process is going: no request is admitted any more, and every waiting request is refused. */
  | { readonly kind: 'ShutdownBegun' };

export type EventOf<Kind extends Event['kind']> = Extract<Event, { readonly kind: Kind }>;
