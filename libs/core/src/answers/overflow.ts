import type { Action, Refusal } from '../fleet/actions.js';
import { heldBackIn, mostHeldBack, turnBehindAll } from './backlogs.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { ModelId, TenantId } from '../fleet/ids.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import { isShed, underPressure } from '../fleet/pressure.js';
import { LOWEST_FIRST } from '../demand/rank.js';
import { readyIn } from '../loading/eta.js';
import { refusal } from './refuse.js';
import { SHORT_HINT } from './verdicts.js';

/** The most that waiting requests may hold of our memory. Small requests come nowhere near: their number is bounded. */
export const QUEUE_BYTES: Bytes = 64 * 2 ** 20;

/** So many requests of a tenant are no excess, however many tenants there are. */
const LEAST_SHARE = 4;

/** How much may wait in a queue, and by which measure. */
interface Bound {
  readonly most: number;
  readonly leastShare: number;
  readonly sizeOf: (request: Request) => number;
}

const inNumber = (most: number): Bound => ({ most, leastShare: LEAST_SHARE, sizeOf: () => 1 });
const inBytes = (most: Bytes): Bound => ({ most, leastShare: 0, sizeOf: ({ bytes }) => bytes });

/**
 * Takes out requests that the queues cannot hold. Each model has a queue, and one of requests held back once it is
 * ready. The queue of all is bound in number and in bytes. A request that has just come leaves like any other that
 * waits.
 *
 * Class goes before share. Of a queue over its bound the lowest class leaves first, whatever its tenants. So no request
 * is refused while one of a lower class stays in the same queue. Within that class share decides. The newest request
 * leaves of the tenant furthest over its share; where no tenant is over it, the newest of all. A share is the bound
 * divided by the tenants that wait there, at least 4 requests. All that a tenant has waiting there counts for that. So
 * a tenant that fills a queue with a high class is the first to lose what it has of a lower one. A share is not
 * reserved: as long as there is room a tenant may have more, and gives it back when others come.
 *
 * Under pressure each bound is smaller, and new requests are shed by their class, whatever room there is.
 */
export function takeOverflow(fleet: Fleet): readonly Away[] {
  const { waiting, limits, pressure } = fleet;
  if (waiting.size === 0) return [];
  const away = [...shed(fleet)];
  for (const [model, queue] of longQueues(fleet))
    away.push(...turnAway(fleet, queue, inNumber(mostFor(fleet, model))));
  for (const [model, backlog] of fleet.backlogs) {
    const held = new Set(heldBackIn(fleet, backlog));
    const most = mostHeldBack(fleet, model);
    if (held.size > most) away.push(...turnAway(fleet, inOrderOfArrival(fleet, held), inNumber(most)));
  }
  const mostOfAll = underPressure(pressure, limits.globalQueue);
  if (waiting.size > mostOfAll) away.push(...turnAway(fleet, [...waiting.values()], inNumber(mostOfAll)));
  const memory = inBytes(underPressure(pressure, QUEUE_BYTES));
  if (sizeOfQueue(waiting.values(), memory) > memory.most)
    away.push(...turnAway(fleet, [...waiting.values()], memory));
  return away;
}

/** How many may wait for a model. */
const mostFor = ({ models, defaults, pressure }: Fleet, model: ModelId): number =>
  underPressure(pressure, (models.get(model) ?? defaults).coldStart.maxQueue);

/** A refused request, and why; when to come again is said once places are given. */
export interface Away {
  readonly request: Request;
  readonly why: Omit<Refusal, 'retryAfter'>;
}

/** Takes out of the queues the requests that have come under a pressure that sheds their class. */
function shed({ waiting, pressure }: Fleet): Away[] {
  if (pressure.level === 'none') return [];
  const away: Away[] = [];
  for (const request of waiting.values()) {
    if (!isShed(pressure, request)) continue;
    waiting.delete(request.id);
    away.push({ request, why: { reason: 'queue_full', detail: 'pressure' } });
  }
  return away;
}

/** The queues of the models for which more requests wait than may, each in the order of arrival. */
function longQueues(fleet: Fleet): Map<ModelId, Request[]> {
  const counts = new Map<ModelId, number>();
  for (const { model } of fleet.waiting.values()) counts.set(model, (counts.get(model) ?? 0) + 1);
  const long = new Map<ModelId, Request[]>();
  for (const [model, count] of counts) if (count > mostFor(fleet, model)) long.set(model, []);
  if (long.size === 0) return long;
  for (const request of fleet.waiting.values()) long.get(request.model)?.push(request);
  return long;
}

const inOrderOfArrival = ({ waiting }: Fleet, some: ReadonlySet<Request>): Request[] =>
  [...waiting.values()].filter((request) => some.has(request));

/** One of a queue, and by how much its tenant is over its share as long as it has this one and none that leave before it. */
interface OneLeaving {
  readonly request: Request;
  readonly excess: number;
}

/** Takes out of a queue what is over its bound. `queue` is in the order of arrival. */
function turnAway(fleet: Fleet, queue: readonly Request[], bound: Bound): Away[] {
  const away: Away[] = [];
  let size = sizeOfQueue(queue, bound);
  for (const { request, excess } of inOrderOfLeaving(queue, bound)) {
    if (size <= bound.most) break;
    size -= bound.sizeOf(request);
    fleet.waiting.delete(request.id);
    away.push({ request, why: { reason: excess > 0 ? 'over_share' : 'queue_full' } });
  }
  return away;
}

/** Class by class, as they are asked for: of a long queue few have to leave. */
function* inOrderOfLeaving(queue: readonly Request[], bound: Bound): Generator<OneLeaving> {
  const held = holdings(queue, bound);
  // A tenant alone has the whole queue.
  const share = held.size === 1 ? Infinity : Math.max(bound.leastShare, bound.most / held.size);
  for (const lowest of LOWEST_FIRST) {
    const newestFirst = queue.filter((request) => request.class === lowest).reverse();
    const leavers = newestFirst.map((request): OneLeaving => {
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

function sizeOfQueue(queue: Iterable<Request>, bound: Bound): number {
  let size = 0;
  for (const request of queue) size += bound.sizeOf(request);
  return size;
}

/** When the model should serve is worked out once for all requests refused for it: a flood is thousands. */
export function answerOverflow(fleet: Fleet, away: readonly Away[], now: Instant): Action[] {
  const hints = new Map<ModelId, Millis>();
  return away.map(({ request, why }) => {
    const { model } = request;
    const retryAfter = hints.get(model) ?? drainTime(fleet, model, now);
    hints.set(model, retryAfter);
    return refusal(fleet, request, { ...why, retryAfter }, now);
  });
}

/** When the requests that wait now should be gone: as soon as the model is there, or behind all that are held back. */
function drainTime(fleet: Fleet, model: ModelId, now: Instant): Millis {
  const behind = turnBehindAll(fleet, model);
  const servedIn = behind === null ? readyIn(fleet, model, now) : behind - now;
  return Math.max(SHORT_HINT, servedIn);
}
