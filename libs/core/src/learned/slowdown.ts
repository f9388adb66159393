import type { ModelId } from '../fleet/ids.js';
import type { ServingCounts } from '../looks/look.js';
import type { Instant, Millis } from '../fleet/model.js';

/** How long requests for one model take on one server, in Triton's queue and computed. */
export interface Latency {
  /** When the statistics were last read, how many requests had been served until then, and how long all had taken. */
  readonly at: Instant;
  readonly served: number;
  readonly took: Millis;
  /** How long a request usually takes, a slow mean; null before any was served. */
  readonly usual: Millis | null;
  /** From how many readings that is known. */
  readonly readings: number;
}

/** How long the requests of the last seconds took on a server, all models together, beside what is usual. */
export interface Slowdown {
  /** Since when requests are counted, how many were served, how long they took, and how long they usually would have. */
  readonly since: Instant;
  readonly served: number;
  readonly took: Millis;
  readonly usual: Millis;
  /** Whether the requests counted before were slow. */
  readonly isSlow: boolean;
}

export const NOT_SLOW: Slowdown = { since: -Infinity, served: 0, took: 0, usual: 0, isSlow: false };

/** So many requests are judged together. Where fewer are served in so long a server is not slow: few are disturbed. */
const ENOUGH_REQUESTS = 10;
const LONGEST_SPAN: Millis = 5_000;
/** A server is slow once requests take `SLOW` times as long as usual, until they take less than `EASED` times as long. */
const SLOW = 2;
const EASED = 1.5;
/** What is usual is the mean of so many first readings, then an exponential mean over so long. */
const FIRST = 10;
const USUAL_OVER: Millis = 300_000;

/**
 * Updates latencies with the statistics of a look, and returns the slowdown:
 *
 *     time that the requests took / sum over the requests of what is usual for their model
 *
 * So a change in how often models are asked for is no slowdown. What stays slow is usual after some minutes.
 */
export function readLatencies(
  latencies: Map<ModelId, Latency>,
  before: Slowdown,
  serving: ReadonlyMap<ModelId, ServingCounts>,
  at: Instant,
): Slowdown {
  let { served, took, usual } = before;
  for (const [model, { succeeded, waited, computed }] of serving) {
    const count = { served: succeeded, took: waited + computed };
    const last = latencies.get(model);
    const more = moreOf(last, count);
    const next = learned(last, count, more, at);
    latencies.set(model, next);
    if (more.served === 0) continue;
    served += more.served;
    took += more.took;
    usual += more.served * (last?.usual ?? more.took / more.served);
  }
  for (const model of latencies.keys()) if (!serving.has(model)) latencies.delete(model);
  return judged({ ...before, served, took, usual }, at);
}

function judged(counted: Slowdown, at: Instant): Slowdown {
  const { since, served, took, usual, isSlow } = counted;
  if (served < ENOUGH_REQUESTS && at - since < LONGEST_SPAN) return counted;
  const bound = isSlow ? EASED : SLOW;
  return { ...NOT_SLOW, since: at, isSlow: served >= ENOUGH_REQUESTS && took >= bound * usual };
}

type Count = Pick<Latency, 'served' | 'took'>;

/** What was served since the last reading. Where a count falls another copy serves behind the same row: nothing is known. */
function moreOf(last: Latency | undefined, { served, took }: Count): Count {
  if (!last || served < last.served || took < last.took) return { served: 0, took: 0 };
  return { served: served - last.served, took: took - last.took };
}

function learned(last: Latency | undefined, count: Count, more: Count, at: Instant): Latency {
  const { usual = null, readings = 0 } = last ?? {};
  if (more.served === 0) return { at, ...count, usual, readings };
  const mean = more.took / more.served;
  const weight = readings < FIRST ? 1 / (readings + 1) : Math.min(1, (at - last!.at) / USUAL_OVER);
  return {
    at,
    ...count,
    usual: usual === null ? mean : usual + weight * (mean - usual),
    readings: readings + 1,
  };
}
