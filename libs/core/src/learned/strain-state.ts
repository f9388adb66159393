import type { ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** How hard the copies of a model that may have several are used. */
export interface Strain {
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
