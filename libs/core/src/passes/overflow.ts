import type { Action, Refusal } from '../actions.js';
import type { Fleet, Request } from '../fleet.js';
import type { ModelId, TenantId } from '../ids.js';
import type { Bytes, Instant, Millis } from '../model.js';
import { LOWEST_FIRST } from '../rank.js';
import { readyIn } from './eta.js';
import { refusal, SHORT } from './refuse.js';

/** The most that all who wait may hold of our memory. Requests that say little come nowhere near: their number is bounded. */
export const QUEUE_BYTES: Bytes = 64 * 2 ** 20;

/** So many requests are nobody's excess, however many tenants there are. */
const LEAST_SHARE = 4;

/** How much may wait in a queue, and by which measure. */
interface Bound {
  readonly most: number;
  readonly leastShare: number;
  readonly sizeOf: (request: Request) => number;
}

const inNumber = (most: number): Bound => ({ most, leastShare: LEAST_SHARE, sizeOf: () => 1 });
const IN_BYTES: Bound = { most: QUEUE_BYTES, leastShare: 0, sizeOf: ({ bytes }) => bytes };

/**
 * Turns away whom the queues cannot hold: that of each model, and that of all, in number and in bytes. Who has just come is
 * one of those who wait, and leaves like any other.
 *
 * Class goes before share. Of a queue over its bound the lowest class in it leaves first, whoever sent it: so nobody is turned
 * away while somebody of a lower class stays in the same queue. Share says who of that class: the newest request of the
 * tenant furthest over its share, which is the bound divided by the tenants that wait there, at least 4 requests; where
 * none of them is over it, the newest. All that a tenant has waiting there counts for that, so that who fills a queue with
 * a high class is the first to lose what it has of a lower one. A share is not kept free for anybody: as long as there is
 * room a tenant may have more, and gives it back when others come.
 */
export function refuseOverflow(fleet: Fleet, now: Instant): Action[] {
  const { waiting, limits } = fleet;
  if (waiting.size === 0) return [];
  const tooMany = [...longQueues(fleet)].flatMap(([model, queue]) =>
    turnAway(fleet, queue, inNumber(mostFor(fleet, model))),
  );
  if (waiting.size > limits.globalQueue)
    tooMany.push(...turnAway(fleet, [...waiting.values()], inNumber(limits.globalQueue)));
  if (sizeOf(waiting.values(), IN_BYTES) > QUEUE_BYTES)
    tooMany.push(...turnAway(fleet, [...waiting.values()], IN_BYTES));
  return tooMany.length === 0 ? [] : answers(fleet, tooMany, now);
}

const mostFor = ({ models, defaults }: Fleet, model: ModelId): number =>
  (models.get(model) ?? defaults).coldStart.maxQueue;

/** The queues of the models for which more wait than may, each in the order of arrival. */
function longQueues(fleet: Fleet): Map<ModelId, Request[]> {
  const counts = new Map<ModelId, number>();
  for (const { model } of fleet.waiting.values()) counts.set(model, (counts.get(model) ?? 0) + 1);
  const long = new Map<ModelId, Request[]>();
  for (const [model, count] of counts) if (count > mostFor(fleet, model)) long.set(model, []);
  if (long.size === 0) return long;
  for (const request of fleet.waiting.values()) long.get(request.model)?.push(request);
  return long;
}

/** One of a queue, and by how much its tenant is over its share as long as it has this one and none that leave before it. */
interface Leaver {
  readonly request: Request;
  readonly excess: number;
}

/** Takes out of a queue what is over its bound. `queue` is in the order of arrival. */
function turnAway(fleet: Fleet, queue: readonly Request[], bound: Bound): Leaver[] {
  const away: Leaver[] = [];
  let size = sizeOf(queue, bound);
  for (const leaver of inOrderOfLeaving(queue, bound)) {
    if (size <= bound.most) break;
    size -= bound.sizeOf(leaver.request);
    fleet.waiting.delete(leaver.request.id);
    away.push(leaver);
  }
  return away;
}

/** Class by class, as they are asked for: of a long queue few have to leave. */
function* inOrderOfLeaving(queue: readonly Request[], bound: Bound): Generator<Leaver> {
  const held = holdings(queue, bound);
  // One alone shares with nobody.
  const share = held.size === 1 ? Infinity : Math.max(bound.leastShare, bound.most / held.size);
  for (const lowest of LOWEST_FIRST) {
    const newestFirst = queue.filter((request) => request.class === lowest).reverse();
    const leavers = newestFirst.map((request): Leaver => {
      const holds = held.get(request.tenant)!;
      held.set(request.tenant, holds - bound.sizeOf(request));
      return { request, excess: Math.max(0, holds - share) };
    });
    yield* leavers.sort((one, other) => other.excess - one.excess);
  }
}

/** What each tenant has of a queue. */
function holdings(queue: readonly Request[], { sizeOf }: Bound): Map<TenantId, number> {
  const held = new Map<TenantId, number>();
  for (const request of queue) held.set(request.tenant, (held.get(request.tenant) ?? 0) + sizeOf(request));
  return held;
}

function sizeOf(queue: Iterable<Request>, bound: Bound): number {
  let size = 0;
  for (const request of queue) size += bound.sizeOf(request);
  return size;
}

/** All who are turned away from one model are told the same time: worked out once, since a flood is a matter of thousands. */
function answers(fleet: Fleet, away: readonly Leaver[], now: Instant): Action[] {
  const hints = new Map<ModelId, Millis>();
  return away.map(({ request, excess }) => {
    const { model } = request;
    const retryAfter = hints.get(model) ?? drainTime(fleet, model, now);
    hints.set(model, retryAfter);
    const why: Refusal = { reason: excess > 0 ? 'over_share' : 'queue_full', retryAfter };
    return refusal(request, why);
  });
}

/** When those who wait now should be gone: as soon as the model is there. */
const drainTime = (fleet: Fleet, model: ModelId, now: Instant): Millis =>
  Math.max(SHORT, readyIn(fleet, model, now));
