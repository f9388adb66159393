import type { LoadTimes } from './kept.js';
import type { Bar, Limits, PutOff, Request } from './fleet.js';
import type { Footprint } from './meters.js';
import type { FailureCause } from './replica.js';
import type { Device, LearnedConfig, ServerSpec } from './server.js';
import type { ModelId, OrderId, ReplicaId, RequestId, ServerId, WatcherId } from './ids.js';
import type { ControlMode, Look } from '../looks/look.js';
import type { Instant, Millis, Model, ModelSettings } from './model.js';
import type { PressureLevel } from './pressure.js';

/** How an order ended. `unknown`: no answer came in time, or the connection was lost; the server may still carry it out. */
export type Outcome =
  /** `versions`: those that a load made ready; empty where that was not learned. */
  | { readonly kind: 'succeeded'; readonly versions: readonly string[] }
  | { readonly kind: 'failed'; readonly cause: FailureCause }
  | { readonly kind: 'unknown' }
  /** It was never sent: this process might not act, the store did not take the order, or no connection stood. */
  | { readonly kind: 'unsent' };

/** What ends: this process, or its term. */
export type StopReason = 'shutting_down' | 'no_leader';

/** What happened to the connection to a server's control port. */
export type ContactFact =
  | 'connected'
  /** It ended, and Berth did not close it. */
  | 'ended'
  /** Berth closed it, to make another one to the same address with other settings. */
  | 'closed'
  /** Berth closed it, since the server has another address: the same process may listen there, or another one. */
  | 'moved'
  /** An attempt to connect was refused: no process listens. */
  | 'refused'
  /** The server says that it is shutting down. */
  | 'leaving'
  /** A new TCP connection to a slow server was accepted, or was not within 2 s. */
  | 'probe_accepted'
  | 'probe_timed_out';

/** A device as an earlier process of Berth knew it. */
export type RememberedDevice = Pick<Device, 'ordinal' | 'uuid' | 'kind' | 'capacity'>;

/** A copy that an admin wants unloaded. */
export type CopyToGo = Pick<PutOff, 'server' | 'force'>;

/** A copy that an admin wants loaded anew, and whether it has left for that. */
export interface CopyToReload {
  readonly server: ServerId;
  readonly hasLeft: boolean;
}

/** How long loads of a model take on one server. */
export interface ServerLoadTimes {
  readonly server: ServerId;
  readonly times: LoadTimes;
}

/**
 * Facts. Each may come twice, late, or about something that is gone. What controllers tell follows from the fleet: they tell it
 * within an instant, so it stands in no recording.
 */
export type Event =
  | { readonly kind: 'LimitsSet'; readonly limits: Limits; readonly defaults: ModelSettings }
  | { readonly kind: 'ModelDeclared'; readonly model: Model }
  | { readonly kind: 'ModelWithdrawn'; readonly model: ModelId }
  | { readonly kind: 'ServerDeclared'; readonly server: ServerSpec }
  /** The server is forgotten; its models stay loaded. */
  | { readonly kind: 'ServerWithdrawn'; readonly server: ServerId }
  /** Whether there may be servers that are not declared yet: DNS was asked for them, and has never answered. */
  | { readonly kind: 'ServersAwaited'; readonly isAwaited: boolean }
  /** What an earlier process of Berth had learned of a server. */
  | {
      readonly kind: 'ServerRemembered';
      readonly server: ServerId;
      readonly repository: readonly ModelId[];
      readonly devices: readonly RememberedDevice[];
    }
  /** Models that earlier processes of Berth ordered on a server: where found there they are no strangers. */
  | { readonly kind: 'OrdersRemembered'; readonly server: ServerId; readonly models: readonly ModelId[] }
  /** The ends of leases that earlier processes of Berth gave, where they are longer than the default lease. */
  | {
      readonly kind: 'LeasesRemembered';
      readonly server: ServerId;
      readonly leases: readonly { readonly model: ModelId; readonly until: Instant }[];
    }
  | { readonly kind: 'StepsRemembered'; readonly model: ModelId; readonly steps: readonly ModelId[] }
  | {
      readonly kind: 'LoadTimesRemembered';
      readonly model: ModelId;
      /** Of its loads on all servers. */
      readonly anywhere: LoadTimes;
      readonly on: readonly ServerLoadTimes[];
    }
  | { readonly kind: 'LoadPaceRemembered'; readonly server: ServerId; readonly pace: LoadTimes }
  | { readonly kind: 'FootprintRemembered'; readonly model: ModelId; readonly footprint: Footprint }
  | { readonly kind: 'RequestArrived'; readonly request: Request }
  | { readonly kind: 'RequestCancelled'; readonly request: RequestId }
  /** Routes given without a turn: how many, the latest use and the latest end of a lease for each replica. */
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
      /** `not_now`: it answered twice that it could not tell just then. A mode: it allows neither looks nor orders. */
      readonly why: 'timed_out' | 'unreachable' | 'not_now' | 'nonsense' | { readonly mode: ControlMode };
    }
  | {
      readonly kind: 'ConfigLearned';
      readonly server: ServerId;
      readonly model: ModelId;
      readonly config: LearnedConfig;
      /** The steps of an ensemble; empty for every other model. */
      readonly steps: readonly ModelId[];
    }
  | { readonly kind: 'LoadOrdered'; readonly model: ModelId; readonly until: Instant }
  | { readonly kind: 'UnloadOrdered'; readonly model: ModelId; readonly force: boolean }
  /** The present copies are to be loaded anew. Where there is none it is an order to load, with best-effort demand until `until`. */
  | { readonly kind: 'ReloadOrdered'; readonly model: ModelId; readonly until: Instant }
  /** Orders of admins that an earlier process of Berth had not carried out when it ended. */
  | { readonly kind: 'UnloadRemembered'; readonly model: ModelId; readonly copies: readonly CopyToGo[] }
  | { readonly kind: 'ReloadRemembered'; readonly model: ModelId; readonly copies: readonly CopyToReload[] }
  | { readonly kind: 'DrainOrdered'; readonly server: ServerId; readonly deadline: Instant | null }
  | { readonly kind: 'DrainEnded'; readonly server: ServerId }
  | { readonly kind: 'FreezeOrdered'; readonly reason: string; readonly since: Instant }
  | { readonly kind: 'FreezeEnded' }
  /** Orders may not be sent for now, or may be again: they stop as in a freeze, and answers do not tell of it. */
  | { readonly kind: 'OrdersHeld'; readonly isHeld: boolean }
  /** The store does not take what has to be stored before a load is sent, or takes it again. Unloads go on. */
  | { readonly kind: 'LoadsHeld'; readonly isHeld: boolean }
  /**
   * This process leads from now on. After a leader that may still send an order, each server takes orders only after 2
   * looks; else after one. Told with the first events of the term.
   */
  | { readonly kind: 'TermBegun'; readonly looks: 1 | 2 }
  /**
   * A watcher is there: it has, or may have, a table of routes, if one of an earlier term. It was last heard of at `heardAt`; where
   * it is silent for `patience` its table is not good any more. Whichever is the 1,001st is not taken up, so the caller has to
   * refuse it.
   */
  | {
      readonly kind: 'WatcherSeen';
      readonly watcher: WatcherId;
      readonly patience: Millis;
      readonly heardAt: Instant;
    }
  /** Its table is as of this revision of the routes, or later; the uses of its earlier routes were told before. */
  | { readonly kind: 'WatcherAcknowledged'; readonly watcher: WatcherId; readonly revision: number }
  /** It gives no routes any more, and the uses of those that it gave were told. */
  | { readonly kind: 'WatcherGone'; readonly watcher: WatcherId }
  /** How hard this process is pressed by its own work: its event loop lags, or its memory runs out. */
  | { readonly kind: 'PressureChanged'; readonly level: PressureLevel }
  /** This process or its term is going to end: every waiting request is refused so, and nothing is ordered. */
  | { readonly kind: 'ShutdownBegun'; readonly reason: StopReason }
  /** By a controller: so many copies of a model are wanted for its demand, none where that has ended; `spare` leaves. */
  | {
      readonly kind: 'CopiesWanted';
      readonly model: ModelId;
      readonly copies: number;
      readonly spare: ReplicaId | null;
    }
  /** By a controller: a model is not to be loaded for this cause; null: it may be again. */
  | { readonly kind: 'ModelBarred'; readonly model: ModelId; readonly by: Bar | null };

export type EventOf<Kind extends Event['kind']> = Extract<Event, { readonly kind: Kind }>;
