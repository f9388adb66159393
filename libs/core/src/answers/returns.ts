import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { expectedThroughput } from './throughput.js';

/** No request is told a later time for the sake of others: a hint is a minute at most (contract, section 2). */
const LONGEST_HINT: Millis = 60_000;

/**
 * When a request that is refused now is to come again: when its model serves, and behind the requests refused before,
 * one after the other as fast as the model serves. So they come back at the rate at which they can be served, and not
 * all at once. Where the model should serve sooner than was thought, the queue outside is taken to be there from then
 * on. All come when the model serves where its speed, or the model, is not known, or where that is beyond a minute.
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
