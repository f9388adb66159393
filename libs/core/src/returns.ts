import type { Fleet } from './fleet.js';
import type { ModelId } from './ids.js';
import type { Instant, Millis } from './model.js';
import { expectedThroughput } from './throughput.js';

/** Nobody is told of a time later than that for the sake of others: a hint is a minute at most (contract, section 2). */
const LONGEST: Millis = 60_000;

/**
 * When somebody who is turned away from a model now is to come again: when it is served, and behind those turned away before,
 * one after the other as fast as it serves. So they come back at the rate at which they can be served, and not all at once. Where
 * it should serve sooner than was thought, the queue that stands outside is taken to be there from then on. As long as nothing is
 * known of how fast the model serves, or of the model, all come when it does; and so they do where that is beyond a minute.
 */
export function returnIn(fleet: Fleet, model: ModelId, servedIn: Millis, now: Instant): Millis {
  if (servedIn > LONGEST) return servedIn;
  const served = now + servedIn;
  const known = fleet.returns.get(model);
  const queue =
    known && known.next > now ? known : { first: served, next: served, each: eachOf(fleet, model) };
  const first = Math.min(queue.first, served);
  const behind = first + queue.next - queue.first;
  const at = Math.max(served, Math.min(behind, now + LONGEST));
  const { each } = queue;
  if (each > 0) fleet.returns.set(model, { first, next: at + each, each });
  return at - now;
}

function eachOf(fleet: Fleet, model: ModelId): Millis {
  const throughput = fleet.models.has(model) ? expectedThroughput(fleet, model) : null;
  return throughput ? throughput.span / throughput.size : 0;
}
