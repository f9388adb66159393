import type { FleetIndex } from './fleet-index.js';
import type { AccountId, ModelId, ReplicaId, RequestId, ServerId, TenantId } from './ids.js';
import type { Bytes, Class, Instant, Millis, Model, ModelSettings } from './model.js';
import type { FailureCause, LoadCause, Replica, UnloadCause } from './replica.js';
import type { Pressure } from './pressure.js';
import type { Limits } from './settings.js';
import type { Footprint, Shortfall } from './meters.js';
import type { Fading } from '../numbers/fading.js';
import type { Charge } from '../learned/shares.js';
import type { Strain } from '../learned/strain-state.js';
import type { LoadTimes } from '../learned/load-times.js';
import type { ServiceTime } from '../learned/service-times.js';
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
  readonly tenant: TenantId;
  /** What it holds of our memory while it waits: see `heldFor`. */
  readonly bytes: Bytes;
  /** What its caller calls it, at most 128 characters: for correlation only. */
  readonly requestId?: string;
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

/** The loads of a model that failed in a row, since there were too many: until the first that succeeds one is tried at a time. */
export interface Breaker {
  readonly failures: number;
  /** When the next try may start, wherever that is. */
  readonly until: Instant;
  readonly cause: FailureCause;
}

/** Demand without a waiting request: an admin's order, or a caller that would not or could not wait. */
export interface Wish {
  readonly until: Instant;
  readonly admin: boolean;
  readonly since: Instant;
}

/** A place for a model, and the replicas that are to leave it, once fresh statistics say that they are not in use. */
export interface Reading {
  readonly server: ServerId;
  readonly devices: readonly number[];
  readonly victims: readonly ReplicaId[];
  /** When any of them was last used, as far as was known. */
  readonly lastUse: Instant;
  readonly askedAt: Instant;
}

/** A copy that an admin wants loaded anew where it is: it leaves, and comes back to the same server. */
export interface Reload {
  readonly model: ModelId;
  readonly server: ServerId;
  /** Those it was on when it was ordered to be loaded anew. */
  readonly devices: readonly number[];
  /** When it was seen gone, or an earlier life of ours had seen it; null before. */
  readonly leftAt: Instant | null;
  /** What was learned of its config before it had left. */
  readonly config: LearnedConfig | null;
}

/** A copy that an admin wants gone, which has to wait for the end of a freeze or for the first look at its server. */
export interface PutOff {
  readonly model: ModelId;
  readonly server: ServerId;
  /** Whether it skips leases. */
  readonly force: boolean;
}

/** A copy that moves: another one of its model is loaded elsewhere, then it makes room for the model that wants it. */
export interface Move {
  readonly model: ModelId;
  /** The replica that takes its place. */
  readonly to: ReplicaId;
  /** The model it makes room for. */
  readonly for: ModelId;
  readonly since: Instant;
}

/** Requests that waited for a model while it was cold: now that it is ready they get routes as fast as it serves. */
export interface Backlog {
  /** When the model was found ready. */
  readonly since: Instant;
  /** When the next of them get their routes. */
  readonly next: Instant;
  /** In the order in which they get them; a request that has left meanwhile may still be in it. */
  readonly queue: ReadonlySet<RequestId>;
}

/** Requests for a model that were refused and told when to come again: a queue that stands outside. */
export interface Returns {
  /** When the first of them should be served. */
  readonly first: Instant;
  /** When the next request that is refused is to come at the earliest. */
  readonly next: Instant;
  /** How long after the one before. */
  readonly each: Millis;
}

/** The operator's stop: routes go on, and no load or unload is ordered until it ends. */
export interface Frozen {
  readonly reason: string;
  readonly since: Instant;
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

/** What the last turn forecast of a job that has no place yet. */
export interface JobInLine {
  readonly cause: LoadCause;
  /** Where it would be placed; null where no place is in sight. */
  readonly server: ServerId | null;
  readonly devices: readonly number[];
  readonly victims: readonly ReplicaId[];
  /** When it gets its place: the copies that leave for it begin to drain then. */
  readonly placeAt: Instant;
  readonly startsAt: Instant;
  /** When its model should be ready, by the P50 and the P90. */
  readonly readyAt: { readonly p50: Instant; readonly p90: Instant };
  /** The earliest deadline of its promised requests; infinite where none is promised. */
  readonly neededBy: Instant;
}

/** All that Berth knows. Maps iterate in insertion order, so `waiting` is first come, first served. */
export interface Fleet {
  readonly models: Map<ModelId, Model>;
  readonly servers: Map<ServerId, Server>;
  readonly replicas: Map<ReplicaId, Replica>;
  readonly waiting: Map<RequestId, Request>;
  /** When the model of each judged request should be ready (P90); null where nothing was promised. Some may have left. */
  readonly promises: Map<RequestId, Instant | null>;
  /** When a load, and the memory of a copy that left, last came later than by its P90. */
  lateLoadAt: Instant;
  lateMemoryAt: Instant;
  /** The jobs that stand in line for a load, as the last turn forecast them; the first to go comes first. */
  readonly line: Map<ModelId, JobInLine>;
  readonly wishes: Map<ModelId, Wish>;
  readonly cooldowns: Map<ReplicaId, Cooldown>;
  /** The models of which too many loads have failed in a row. */
  readonly breakers: Map<ModelId, Breaker>;
  /** The steps of each ensemble whose config was read. */
  readonly steps: Map<ModelId, readonly ModelId[]>;
  /** The models that need others, as declared or learned: few, so that it is cheap to find what needs a replica. */
  readonly composed: Set<ModelId>;
  readonly lastUnloads: Map<ModelId, LastUnload>;
  /** The replicas of each model, whatever their phase. */
  readonly holders: Map<ModelId, Set<ReplicaId>>;
  /** The replicas on each server, whatever their phase. */
  readonly residents: Map<ServerId, Set<ReplicaId>>;
  /** The replicas that are not simply ready. They are few, and most passes are about them alone. */
  readonly unsettled: Set<ReplicaId>;
  /** Since when each model has lacked a copy that is wanted. */
  readonly wantedSince: Map<ModelId, Instant>;
  /** Since when each of them has had a waiting request at every moment: one after the other, or several together. */
  readonly awaitedSince: Map<ModelId, Instant>;
  /** For models that others are to leave for: the plan for which use is being read. */
  readonly readings: Map<ModelId, Reading>;
  /** How hard the models are used of which there may be several copies, as long as one is ready. */
  readonly strains: Map<ModelId, Strain>;
  /** How long loads of each model take, wherever they run. */
  readonly loadTimes: Map<ModelId, LoadTimes>;
  /** How long servers take to execute each model. */
  readonly serviceTimes: Map<ModelId, ServiceTime>;
  /** How often each model was asked for lately; see `askedLately`. */
  readonly asks: Map<ModelId, Fading>;
  /** How long the leases are that callers of each model ask for. */
  readonly usualLeases: Map<ModelId, Millis>;
  /** For how many milliseconds of load slots each tenant was charged lately. */
  readonly spending: Map<TenantId, Fading>;
  /** What was charged for jobs whose loads have not begun. */
  readonly charges: Map<ModelId, Charge>;
  /** The devices whose last job was one that had starved. */
  readonly starvedLast: Set<AccountId>;
  /** The models that had a waiting request and no route at the end of the last turn. */
  readonly cold: Set<ModelId>;
  /** The requests that waited for a model while it was cold, as long as they are held back. */
  readonly backlogs: Map<ModelId, Backlog>;
  /** The requests for a model that were refused, as long as any of them is still to come again. */
  readonly returns: Map<ModelId, Returns>;
  /** When others were evicted for loads onto each device, oldest first; older ones than a minute count no more. */
  readonly swaps: Map<AccountId, readonly Instant[]>;
  /** The copies that give up their memory once another one of their model is ready elsewhere, and the move of each. */
  readonly moves: Map<ReplicaId, Move>;
  /** How many copies of a model were found to be failing, one after the other, since one of it last succeeded. */
  readonly foundFailing: Map<ModelId, number>;
  /** The models that were measured above their limits, since their declarations last changed. */
  readonly excesses: Map<ModelId, Excess>;
  /** What each model was measured to take of a device. */
  readonly footprints: Map<ModelId, Footprint>;
  /** The devices on which a load ran out of memory where the books had room, until they are measured anew. */
  readonly shortfalls: Map<AccountId, Shortfall>;
  defaults: ModelSettings;
  limits: Limits;
  /** Of this process. It is no fact about the fleet, but what may wait depends on it. */
  pressure: Pressure;
  /** When the first turn was taken: until every server has been seen, at most 10 s, the cold wait. */
  startedAt: Instant | null;
  /** When the indexes were last refreshed for an unknown name. */
  refreshedAt: Instant | null;
  /** Copies to be loaded anew, in the order in which they were ordered to be. */
  readonly reloads: Map<ReplicaId, Reload>;
  /** Copies to be let go once nothing holds that up. */
  readonly putOff: Map<ReplicaId, PutOff>;
  frozen: Frozen | null;
  /** This process is going: no request is admitted, nothing is ordered. */
  closing: boolean;
  nextOrder: number;
  /** Rises with every change of what may be routed where. */
  routesRevision: number;
  readonly index: FleetIndex;
}

/** The facts alone. */
export type FleetFacts = Omit<Fleet, 'index'>;
