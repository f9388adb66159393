import type { ModelId } from '../fleet/ids.js';
import type { ServingRow } from '../looks/look.js';
import type { Instant, Millis } from '../fleet/model.js';

/** How long requests for one model take on one server, in Triton's queue and computed. */
export interface Latency {
  /** When its statistics were last read, what they had served until then, and how long that had taken together. */
  readonly at: Instant;
  readonly served: number;
  readonly took: Millis;
  /** How long one request usually takes, which moves slowly; null before any was served. */
  readonly usual: Millis | null;
  /** From how many readings that is known. */
  readonly readings: number;
}

/** How the requests of the last seconds were served on a server, all models together, beside how they usually are. */
export interface Slowdown {
  /** Since when it is counted, how many were served, how long they took and how long they usually would have. */
  readonly since: Instant;
  readonly served: number;
  readonly took: Millis;
  readonly usual: Millis;
  /** Whether the last that was counted was slow. */
  readonly isSlow: boolean;
}

export const NOT_SLOW: Slowdown = { since: -Infinity, served: 0, took: 0, usual: 0, isSlow: false };

/** So many requests tell how a server serves; where fewer are served for so long, there are none to disturb. */
const ENOUGH_REQUESTS = 10;
const LONGEST_SPAN: Millis = 5_000;
/** A server is slow once requests take so many times as long as usual, until they take less than the second number. */
const SLOW = 2;
const EASED = 1.5;
/** What is usual is the mean of the first readings, then one over so long. */
const FIRST = 10;
const USUAL_OVER: Millis = 300_000;

/**
 * What statistics say that were just read. Each model is measured by itself, so that it does not matter which of them is
 * asked more often than before:
 *
 *     slowdown = time that the requests took / sum over them of what is usual for their model
 *
 * What is usual follows what is, as a mean over 5 min. So what stays slow is usual after some minutes, and throttles no more.
 */
export function readLatencies(
  latencies: Map<ModelId, Latency>,
  before: Slowdown,
  serving: readonly ServingRow[],
  at: Instant,
): Slowdown {
  let { served, took, usual } = before;
  const counts = countsByModelIn(serving);
  for (const [model, count] of counts) {
    const last = latencies.get(model);
    const more = moreOf(last, count);
    const next = learned(last, count, more, at);
    latencies.set(model, next);
    if (more.served === 0) continue;
    served += more.served;
    took += more.took;
    usual += more.served * (last?.usual ?? more.took / more.served);
  }
  for (const model of latencies.keys()) if (!counts.has(model)) latencies.delete(model);
  return judged({ ...before, served, took, usual }, at);
}

function judged(counted: Slowdown, at: Instant): Slowdown {
  const { since, served, took, usual, isSlow } = counted;
  if (served < ENOUGH_REQUESTS && at - since < LONGEST_SPAN) return counted;
  const bound = isSlow ? EASED : SLOW;
  return { ...NOT_SLOW, since: at, isSlow: served >= ENOUGH_REQUESTS && took >= bound * usual };
}

interface Count {
  readonly served: number;
  readonly took: Millis;
}

/** A count that falls means a fresh copy behind the same row, of which the next reading tells. */
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

/** Of all versions of a model that serve. */
function countsByModelIn(serving: readonly ServingRow[]): ReadonlyMap<ModelId, Count> {
  const counts = new Map<ModelId, Count>();
  for (const { model, succeeded, waited, computed } of serving) {
    const sum = counts.get(model);
    counts.set(model, {
      served: (sum?.served ?? 0) + succeeded,
      took: (sum?.took ?? 0) + waited + computed,
    });
  }
  return counts;
}
