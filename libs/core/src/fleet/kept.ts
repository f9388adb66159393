import type { ServerId, TenantId } from './ids.js';
import type { Instant, Millis } from './model.js';
import type { LoadCause } from './replica.js';

/**
 * What is known of how long loads take: the mean and the mean deviation of the natural logarithm of the milliseconds.
 * Recent loads weigh more, as TCP does it with round trips (RFC 6298, with its gains of 1/8 and 1/4). Logarithms are
 * kept since a load of twice the usual time is about as rare as one of half of it, and so that one load that hung for
 * minutes moves the estimate by little. `forecastOf` says what follows.
 */
export interface LoadTimes {
  /** ln of milliseconds; of a pace, ln of milliseconds per GiB. */
  readonly mean: number;
  /** In the same unit, never negative. */
  readonly deviation: number;
  /** How many loads it was learned from, up to 8. */
  readonly count: number;
}

/** How hard the copies of a model that may have several are used. */
export interface Utilisation {
  /** Copies by demand, at least 1. */
  readonly copies: number;
  /** The looks in a row, up to the latest, in which the copies did not keep up; null: in the latest they did. */
  readonly standing: { readonly since: Instant; readonly until: Instant; readonly looks: number } | null;
  /** Since when, without a break, one copy fewer would have done; null: it would not. */
  readonly easySince: Instant | null;
  /** The most requests a second that one copy was seen to serve; 0 before queues stood for the first time. */
  readonly carries: number;
  /** The routes that callers got since an instant, and how many a second they got in the span before. */
  readonly routes: { readonly since: Instant; readonly count: number; readonly rate: number };
  /** The last statistics of each server that holds the model. */
  readonly samples: ReadonlyMap<ServerId, Sample>;
  /** Whether the model lacks a copy for demand alone. */
  readonly isAlone: boolean;
}

/** What the statistics of one server say of a model. */
export interface Sample {
  /** When they were read. */
  readonly at: Instant;
  /** Requests answered since the copy was loaded, and how long they had waited in the queue together. */
  readonly served: number;
  readonly waited: Millis;
  /** Requests answered a second, and requests in the queue, since the sample before. */
  readonly rate: number;
  readonly queue: number;
}

/** What a tenant was charged for a job in the line. */
export interface Charge {
  readonly tenant: TenantId;
  readonly cost: Millis;
  readonly at: Instant;
}

/** One that has, or may have, a table of routes. */
export interface Watcher {
  /** Where it is silent for so long its table is not good any more, nor a lease that it gave. */
  readonly patience: Millis;
  readonly heardAt: Instant;
  /** Its table is as of this revision of the routes, or later; -1 where it has acknowledged none in this term. */
  readonly revision: number;
}

/** The forecast of a job that has no place yet, as of the last turn. */
export interface JobInLine {
  readonly cause: LoadCause;
  /** Where it would be placed; null where no place is in sight. */
  readonly server: ServerId | null;
  readonly devices: readonly number[];
  /** When it gets its place, and what leaves for it begins to drain. */
  readonly placeAt: Instant;
  readonly startsAt: Instant;
  /** When its model should be ready, by the P50 and the P90. */
  readonly readyAt: { readonly p50: Instant; readonly p90: Instant };
  /** The earliest deadline of its promised requests; infinite where none is promised. */
  readonly neededBy: Instant;
  /** When it was last asked at every place. */
  readonly searchedAt: Instant;
}
