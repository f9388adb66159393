import { heldBackIn, placesWithin, standsAfter } from './backlogs.js';
import type { Backlog, Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { routableReplicas } from '../learned/routes.js';
import { type Throughput, throughputOf } from './throughput.js';
import { fairly } from './fair-order.js';

/**
 * Holds back requests that waited for a cold model which is ready now, where it does not serve all of them at once.
 * Lets those go whose turn has come. Requests that come once the model is ready are not held back. They come one by
 * one, while the others would get their routes in the same moment. How fast a model serves is not known before it was
 * used: until then all get their routes at once.
 */
export function holdBack(fleet: Fleet, now: Instant): void {
  const ready = [...fleet.cold].filter((model) => routableReplicas(fleet, model).length > 0);
  if (ready.length > 0) gather(fleet, new Set(ready), now);
  for (const [model, backlog] of fleet.backlogs) letGo(fleet, model, backlog, now);
}

/** A request that has only just come has not waited. */
function gather(fleet: Fleet, models: ReadonlySet<ModelId>, now: Instant): void {
  const waited = new Map<ModelId, Request[]>();
  for (const request of fleet.waiting.values()) {
    if (!models.has(request.model) || request.arrivedAt >= now) continue;
    const known = waited.get(request.model);
    if (known) known.push(request);
    else waited.set(request.model, [request]);
  }
  for (const [model, requests] of waited) {
    const throughput = throughputOf(fleet, model);
    if (!throughput || throughput.size >= requests.length) continue;
    const queue = inOrderOfRelease(requests, placesWithin(throughput, standsAfter(fleet, model)));
    fleet.backlogs.set(model, { since: now, next: now, queue: new Set(queue.map(({ id }) => id)) });
  }
}

/**
 * Requests that are served before the queue stands come by their deadlines. Then the newest come first: they have most
 * of their time left and most likely still want an answer (adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 13-8,
 * 2015).
 */
export function inOrderOfRelease(requests: readonly Request[], before: number): readonly Request[] {
  const urgentFirst = fairly(requests.toSorted((one, other) => one.deadline - other.deadline));
  const late = new Set(urgentFirst.slice(before));
  const oldestFirst = requests.filter((request) => late.has(request));
  return [...urgentFirst.slice(0, before), ...fairly(oldestFirst.toReversed())];
}

/** A model that is cold again, or of which nothing is known any more, holds no request back. */
function letGo(fleet: Fleet, model: ModelId, backlog: Backlog, now: Instant): void {
  const throughput = throughputOf(fleet, model);
  if (!throughput) fleet.backlogs.delete(model);
  if (!throughput || now < backlog.next) return;
  const left = heldBackIn(fleet, backlog).slice(throughput.size);
  if (left.length === 0) {
    fleet.backlogs.delete(model);
    return;
  }
  const next = afterwards(backlog, throughput, now);
  fleet.backlogs.set(model, { since: backlog.since, next, queue: new Set(left.map(({ id }) => id)) });
}

/** In step, but where this turn came later than the one after it was due: nothing is made up for. */
const afterwards = ({ next }: Backlog, { span }: Throughput, now: Instant): Instant =>
  next + span > now ? next + span : now + span;
