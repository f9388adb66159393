import type { ServerId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';

/** How hard the copies of a model that may have several are used, and how many copies that makes. */
export interface Strain {
  /** Copies that demand makes, one at least: one more each time more was asked, one fewer each time that was easy. */
  readonly copies: number;
  /** More was asked than its copies serve in so many looks, unbroken; null: the last look found that they keep up. */
  readonly standing: { readonly since: Instant; readonly until: Instant; readonly looks: number } | null;
  /** Since when one copy fewer would have done, unbroken; null: it would not. */
  readonly easySince: Instant | null;
  /** The most requests a second that one copy was seen to serve since the queues stood last; 0: they never did. */
  readonly carries: number;
  /** The routes to it that callers got since then, and how many a second they got in the span before. */
  readonly routes: { readonly since: Instant; readonly count: number; readonly rate: number };
  /** What the last statistics of each server that holds it said. */
  readonly samples: ReadonlyMap<ServerId, Sample>;
  /** Whether demand is all that it lacks a copy for. */
  readonly isAlone: boolean;
}

/** What the statistics of one server say of a model. */
export interface Sample {
  /** When they were read. */
  readonly at: Instant;
  /** Requests answered, and the time that they waited before, since the copy was loaded. */
  readonly served: number;
  readonly waited: Millis;
  /** Since the sample before: requests answered a second, and how many stood in the queue. */
  readonly rate: number;
  readonly queue: number;
}
