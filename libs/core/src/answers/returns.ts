import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { expectedThroughput } from './throughput.js';

/** A hint is a minute at most (contract, section 2), however many requests are to come before. */
const LONGEST_HINT: Millis = 60_000;

/**
 * In how long a request that is refused now is to come again: when its model serves, and behind the requests refused
 * before it. So they come back at the rate at which the model serves, and not all at once. Where the model should serve
 * sooner than was thought, the whole queue of returns moves forward. Where the throughput is not known, or the model
 * serves only after a minute, all come back when it serves.
 */
export function returnIn(fleet: Fleet, model: ModelId, servedIn: Millis, now: Instant): Millis {
  if (servedIn > LONGEST_HINT) return servedIn;
  const served = now + servedIn;
  const known = fleet.returns.get(model);
  const queue =
    known && known.next > now ? known : { first: served, next: served, each: eachOf(fleet, model) };
  const first = Math.min(queue.first, served);
  const behind = first + queue.next - queue.first;
  const at = Math.max(served, Math.min(behind, now + LONGEST_HINT));
  const { each } = queue;
  if (each > 0) fleet.returns.set(model, { first, next: at + each, each });
  return at - now;
}

function eachOf(fleet: Fleet, model: ModelId): Millis {
  const throughput = fleet.models.has(model) ? expectedThroughput(fleet, model) : null;
  return throughput ? throughput.span / throughput.size : 0;
}
