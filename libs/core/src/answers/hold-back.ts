import type { Backlog, Fleet, Request } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { requestsFor } from '../fleet/waiting.js';
import type { Instant, Millis } from '../fleet/model.js';
import { routableReplicas } from '../learned/routes.js';
import { grouped, madeOnce } from '../numbers/groups.js';
import { expectedThroughput, type Throughput, throughputOf } from './throughput.js';
import { loadForecast } from '../learned/load-forecast.js';
import { LOWEST_FIRST } from '../demand/rank.js';

/**
 * Holds back requests that waited for a cold model which is ready now, where it does not serve all of them at once, and
 * lets those go whose turn has come. Requests that come once the model is ready are not held back: they come one by
 * one, while the others would get their routes in the same moment. A model that was never used has no known throughput:
 * all requests for it get their routes at once.
 */
export function holdBack(fleet: Fleet, now: Instant): void {
  for (const model of fleet.cold) if (routableReplicas(fleet, model).length > 0) gather(fleet, model, now);
  for (const [model, backlog] of fleet.backlogs) release(fleet, model, backlog, now);
}

/** A request that has only just come has not waited. */
function gather(fleet: Fleet, model: ModelId, now: Instant): void {
  const requests = requestsFor(fleet, model).filter(({ arrivedAt }) => arrivedAt < now);
  const throughput = throughputOf(fleet, model);
  if (!throughput || throughput.size >= requests.length) return;
  const queue = inOrderOfRelease(requests, placesWithin(throughput, standsAfter(fleet, model)));
  fleet.backlogs.set(model, { since: now, next: now, queue: new Set(queue.map(({ id }) => id)) });
}

/**
 * The requests that are served before the queue stands go by their deadlines. After them the newest go first: they have
 * most of their time left and most likely still want an answer (adaptive LIFO: Maurer, "Fail at Scale", ACM Queue 13-8,
 * 2015).
 */
function inOrderOfRelease(requests: readonly Request[], before: number): readonly Request[] {
  const urgentFirst = fairly(requests.toSorted((one, other) => one.deadline - other.deadline));
  const late = new Set(urgentFirst.slice(before));
  const oldestFirst = requests.filter((request) => late.has(request));
  return [...urgentFirst.slice(0, before), ...fairly(oldestFirst.toReversed())];
}

/**
 * Tells how many waiting requests would get routes before a request that came again now and waited for as long as its
 * model allows. It is worked out once for each kind of request.
 */
export function queuePlaces(fleet: Readonly<Fleet>, now: Instant): (request: Request) => number {
  const known = new Map<string, number>();
  return (request) => {
    const kind = [request.model, request.class, request.tenant].join(' ');
    return madeOnce(known, kind, () => queuePlaceOf(fleet, request, now));
  };
}

function queuePlaceOf(fleet: Readonly<Fleet>, request: Request, now: Instant): number {
  const { model } = request;
  const { maxWait } = (fleet.models.get(model) ?? fleet.defaults).coldStart;
  const again = { ...request, arrivedAt: now, deadline: now + maxWait };
  const throughput = expectedThroughput(fleet, model);
  const byDeadline = throughput ? placesWithin(throughput, standsAfter(fleet, model)) : Infinity;
  return inOrderOfRelease([...requestsFor(fleet, model), again], byDeadline).indexOf(again);
}

/** A model that is cold again, or whose throughput is not known any more, holds no request back. */
function release(fleet: Fleet, model: ModelId, backlog: Backlog, now: Instant): void {
  const { since, next: due } = backlog;
  const throughput = throughputOf(fleet, model);
  if (throughput && now < due) return;
  const left = throughput ? heldBackIn(fleet, backlog).slice(throughput.size) : [];
  if (!throughput || left.length === 0) {
    fleet.backlogs.delete(model);
    return;
  }
  // A turn that came too late is not made up for.
  const next = (due + throughput.span > now ? due : now) + throughput.span;
  fleet.backlogs.set(model, { since, next, queue: new Set(left.map(({ id }) => id)) });
}

/** A queue stands when it was not empty for so long after its model was ready, or for this share of its load time. */
const STANDS_AFTER: Millis = 1_000;
const STANDS_AFTER_SHARE = 1 / 10;

/**
 * No request is held back for longer than so many times what makes a queue stand. CoDel (RFC 8289) drops after an
 * interval of which 5 to 10 % make a queue stand.
 */
const MOST_HELD = 10;

export const isHeldBack = ({ backlogs }: Readonly<Fleet>, { id, model }: Request): boolean =>
  backlogs.size > 0 && (backlogs.get(model)?.queue.has(id) ?? false);

/** The requests of a backlog that still wait, in the order in which they get their routes. */
export const heldBackIn = ({ waiting }: Readonly<Fleet>, { queue }: Backlog): Request[] =>
  [...queue].flatMap((id) => waiting.get(id) ?? []);

/** How many requests may be held back now; Infinity where none is held back. */
export function mostHeldBack(fleet: Readonly<Fleet>, model: ModelId): number {
  const backlog = fleet.backlogs.get(model);
  const throughput = backlog && throughputOf(fleet, model);
  if (!throughput) return Infinity;
  const most = Math.max(MOST_HELD * standsAfter(fleet, model), throughput.span);
  return placesWithin(throughput, backlog.since + most - backlog.next);
}

/** How long after its model was ready a queue stands. */
const standsAfter = (fleet: Readonly<Fleet>, model: ModelId): Millis =>
  Math.max(STANDS_AFTER, STANDS_AFTER_SHARE * loadForecast(fleet, model, null).p50);

/** How many requests get their routes within so long; the first of them get theirs at once. */
const placesWithin = ({ size, span }: Throughput, within: Millis): number =>
  within < 0 ? 0 : size * (Math.floor(within / span) + 1);

/** When a request behind so many others of a backlog gets its route. */
export const turnBehind = ({ next }: Backlog, { size, span }: Throughput, others: number): Instant =>
  next + Math.floor(others / size) * span;

/** When a request behind all that are held back would get its route; null where none is. */
export function turnBehindAll(fleet: Readonly<Fleet>, model: ModelId): Instant | null {
  const backlog = fleet.backlogs.get(model);
  const throughput = backlog && throughputOf(fleet, model);
  return throughput ? turnBehind(backlog, throughput, heldBackIn(fleet, backlog).length) : null;
}

/** One place of so many goes to a lower class, as long as requests of lower classes are left. */
const FLOOR = 10;

/**
 * The order in which requests for one model are served; they are given in the order that counts within a tenant. The
 * higher class goes first, but every tenth place goes to the classes below it, so that they do not starve. Within a
 * class the tenants take turns.
 */
export function fairly(requests: readonly Request[]): readonly Request[] {
  let all: readonly Request[] = [];
  for (const rank of LOWEST_FIRST) {
    const some = requests.filter((request) => request.class === rank);
    if (some.length > 0) all = withFloor(inTurns(some), all);
  }
  return all;
}

function withFloor(high: readonly Request[], low: readonly Request[]): readonly Request[] {
  if (low.length === 0) return high;
  const all: Request[] = [];
  let lows = 0;
  while (all.length < high.length + low.length) {
    const isLow =
      all.length - lows === high.length || (lows < low.length && all.length % FLOOR === FLOOR - 1);
    all.push(isLow ? low[lows]! : high[all.length - lows]!);
    if (isLow) lows += 1;
  }
  return all;
}

/** One request of each tenant after the other, as long as it has any left. */
function inTurns(requests: readonly Request[]): readonly Request[] {
  const tenants = grouped(requests, ({ tenant }) => tenant);
  if (tenants.size === 1) return requests;
  const all: Request[] = [];
  for (let round = 0; all.length < requests.length; round += 1) {
    for (const own of tenants.values()) if (round < own.length) all.push(own[round]!);
  }
  return all;
}
