import type { Charge, JobInLine, LoadTimes, Utilisation, Watcher } from './kept.js';
import type { PromiseCause } from './actions.js';
import { newIndex } from './fleet-index.js';
import type { AccountId, ModelId, ReplicaId, RequestId, ServerId, TenantId, WatcherId } from './ids.js';
import type { Bytes, Class, Instant, Millis, Model } from './model.js';
import type { Booking, FailureCause, LoadCause, Replica, UnloadCause } from './replica.js';
import { NO_PRESSURE } from './pressure.js';
import { DEFAULTS, LIMITS, type Limits } from './settings.js';
import type { Footprint, Shortfall } from './meters.js';
import type { DecayingSum } from '../numbers/decaying-sum.js';
import type { StopReason } from './events.js';
import type { LearnedConfig, Server } from './server.js';

export type { Limits };

/** One resolve call that has to wait. */
export interface Request {
  readonly id: RequestId;
  readonly model: ModelId;
  /** Null: any version. */
  readonly version: string | null;
  readonly arrivedAt: Instant;
  /** By when it has to be answered. */
  readonly deadline: Instant;
  readonly lease: Millis;
  readonly class: Class;
  /** Servers on which the caller has just failed. */
  readonly avoid: readonly ServerId[];
  /** The same key leads to the same copy. */
  readonly affinityKey?: string;
  readonly tenant: TenantId;
  /** The caller's name for it, at most 128 characters: for correlation only. */
  readonly requestId?: string;
}

/** The loads of a model that failed in a row on one server. */
export interface Cooldown {
  readonly model: ModelId;
  readonly server: ServerId;
  readonly failures: number;
  /** When the next load there may start. */
  readonly until: Instant;
  readonly cause: FailureCause;
  /** When the last one failed. */
  readonly at: Instant;
}

/** The loads of a model that failed in a row, once these were too many. Until one succeeds, one runs at a time. */
export interface Breaker {
  readonly failures: number;
  /** When the next load may start, on any server. */
  readonly until: Instant;
  readonly cause: FailureCause;
}

/** Demand without a waiting request: an admin's order, or a refused request. */
export interface BestEffort {
  readonly until: Instant;
  readonly admin: boolean;
  readonly since: Instant;
}

/** A copy that is to be loaded anew: it leaves, and comes back to the same server. */
export interface Reload {
  readonly model: ModelId;
  readonly server: ServerId;
  /** `reload`: an admin ordered it. Else a pin or `copies.min` lacks a copy that only its server can have. */
  readonly cause: LoadCause;
  /** Its devices when the reload was ordered; those that it is to have where a copy is lacking. */
  readonly devices: readonly number[];
  /** The memory that is promised to it beside what it holds: it leaves once that is free. */
  readonly bookings: readonly Booking[];
  /** When it was seen gone, or when an event told of that; null before. */
  readonly leftAt: Instant | null;
  /** What was learned of its config before it left. */
  readonly config: LearnedConfig | null;
}

/** A copy that an admin wants unloaded once a freeze has ended, or its server was looked at for the first time. */
export interface PutOff {
  readonly model: ModelId;
  readonly server: ServerId;
  /** Whether leases are not waited for. */
  readonly force: boolean;
}

/** The operator's stop: routes go on, and no load or unload is ordered until it ends. */
export interface Frozen {
  readonly reason: string;
  readonly since: Instant;
}

/** A model that was measured above its limit: the most bytes of a copy, and when they were measured. */
export interface LimitViolation {
  readonly bytes: Bytes;
  readonly at: Instant;
  /** Whether an admin has ordered a load since. */
  readonly isOverridden: boolean;
}

/** Why a model is not to be loaded by the operator's policy: it was measured above its limit, or each copy fails. */
export type Bar = 'over_limit' | 'failing';

export interface LastUnload {
  readonly at: Instant;
  readonly cause: UnloadCause;
  readonly makesRoomFor: ModelId | null;
}

/** A fleet as it is at first. Maps iterate in insertion order, so `waiting` is in order of arrival. */
export class EmptyFleet {
  readonly models = new Map<ModelId, Model>();
  readonly servers = new Map<ServerId, Server>();
  readonly replicas = new Map<ReplicaId, Replica>();
  readonly waiting = new Map<RequestId, Request>();
  /** For each judged request when its model should be ready (P90); null where nothing was promised. Some may have left. */
  readonly promises = new Map<RequestId, Instant | null>();
  /** What has delayed the models of promised requests beyond their deadlines. */
  readonly lost = new Map<RequestId, PromiseCause>();
  /** The jobs that stand in line for a load, as the last turn forecast them; the first to go comes first. */
  readonly line = new Map<ModelId, JobInLine>();
  /** Where jobs found no copies that could leave for them when they were to be bound, and until when they ask for no place there. */
  readonly refuted = new Map<ReplicaId, Instant>();
  readonly bestEffort = new Map<ModelId, BestEffort>();
  readonly cooldowns = new Map<ReplicaId, Cooldown>();
  readonly breakers = new Map<ModelId, Breaker>();
  /** The steps of each model whose config was read: none where it is no ensemble. */
  readonly steps = new Map<ModelId, readonly ModelId[]>();
  /** The models that need others, as declared or learned. */
  readonly composed = new Set<ModelId>();
  readonly lastUnloads = new Map<ModelId, LastUnload>();
  /** The replicas of each model and those on each server, whatever their phase. */
  readonly holders = new Map<ModelId, Set<ReplicaId>>();
  readonly residents = new Map<ServerId, Set<ReplicaId>>();
  /** The replicas that are not settled: few, and most passes are about them alone. */
  readonly unsettled = new Set<ReplicaId>();
  /** The places that are kept for what pins lack (`server/devices`), until they get them or others: see `reservePins`. */
  pinPlaces: ReadonlyMap<ModelId, readonly string[]> = new Map();
  /** Since when each model has lacked a copy that is wanted. */
  readonly wantedSince = new Map<ModelId, Instant>();
  /** Since when each of these models has had a waiting request at every moment. */
  readonly awaitedSince = new Map<ModelId, Instant>();
  /** How hard models that may have several copies are used, as long as one is ready. */
  readonly utilisations = new Map<ModelId, Utilisation>();
  /** How long loads of each model take, on all servers together. */
  readonly loadTimes = new Map<ModelId, LoadTimes>();
  /** How often each model was asked for lately. */
  readonly requestRates = new Map<ModelId, DecayingSum>();
  /** How long the leases are that callers of each model ask for. */
  readonly usualLeases = new Map<ModelId, Millis>();
  /** For how many milliseconds of load slots each tenant was charged lately. */
  readonly spending = new Map<TenantId, DecayingSum>();
  /** What was charged for jobs whose loads have not begun. */
  readonly charges = new Map<ModelId, Charge>();
  /** The devices whose last job was one that had starved. */
  readonly starvedLast = new Set<AccountId>();
  /** When a copy of each model last left for a lower class. */
  readonly leftForLower = new Map<ModelId, Instant>();
  /** When others were evicted for loads onto each device in the last minute, oldest first. */
  readonly evictions = new Map<AccountId, readonly Instant[]>();
  /** How many copies of a model were found to be failing since one of it last succeeded. */
  readonly foundFailing = new Map<ModelId, number>();
  /** The models that were measured above their limits since their declarations last changed. */
  readonly limitViolations = new Map<ModelId, LimitViolation>();
  /** The models that are barred. */
  readonly barred = new Map<ModelId, Bar>();
  /** What each model was measured to take of a device. */
  readonly footprints = new Map<ModelId, Footprint>();
  /**
   * The models whose loads ran out of memory where the books were right, until they are measured: the least that they are
   * known to take, which is 0 after the first time.
   */
  readonly outgrown = new Map<ModelId, Bytes>();
  /** The devices on which a load ran out of memory where the books had room, until they are measured anew. */
  readonly shortfalls = new Map<AccountId, Shortfall>();
  defaults = DEFAULTS;
  limits = LIMITS;
  /** The pressure on this process: bounds of waiting requests depend on it. */
  pressure = NO_PRESSURE;
  /** Whether there may be servers that are not declared yet. */
  serversAwaited = false;
  /** When the first turn was taken. */
  startedAt: Instant | null = null;
  /** When the indexes were last refreshed for an unknown name. */
  refreshedAt: Instant | null = null;
  /** When a request last came for a name that is not known, while not every server had been seen or there was none. */
  unknownAskedAt: Instant | null = null;
  /** Copies to be loaded anew, in the order of the orders. */
  readonly reloads = new Map<ReplicaId, Reload>();
  /** Copies that lately left to come back with so many copies: none leaves for as many again. */
  readonly loadedAnew = new Map<ReplicaId, { readonly copies: number; readonly until: Instant }>();
  readonly putOff = new Map<ReplicaId, PutOff>();
  frozen: Frozen | null = null;
  /** Whether this process may send no order at present: it has not renewed its lease in time. */
  held = false;
  /** Whether the store does not take the loads that are to be sent. */
  loadsHeld = false;
  /** Since when a freeze or a hold has kept orders back; null where neither does. */
  stoppedAt: Instant | null = null;
  /** When the last freeze or hold ended. */
  resumedAt: Instant | null = null;
  /** How many looks at a server come before orders to it. */
  looks: 1 | 2 = 1;
  /** Those that have a table of the routes; forgotten once silent for too long. */
  readonly watchers = new Map<WatcherId, Watcher>();
  /** Why no more turns decide; null as long as they do. */
  closing: StopReason | null = null;
  nextOrder = 1;
  /** Rises with every change of what may be routed where. */
  routesRevision = 0;
  /** The replicas whose routes have changed in this turn. */
  readonly rerouted = new Set<ReplicaId>();
  /** The moment of the present turn, or of the last. */
  now: Instant = -Infinity;
  /** When the next turn is due, whatever happens or not; infinite where time alone changes nothing. */
  wakeAt: Instant = Infinity;
  readonly index = newIndex();
}

/** All that Berth knows. It is an interface, and no class, since fleets are spread. */
export interface Fleet extends EmptyFleet {}

/** The fleet without what follows from the rest of it, and from its last turn. */
export type FleetFacts = Omit<Fleet, 'index' | 'rerouted' | 'now' | 'wakeAt'>;
