import type { Now } from '../numbers/now.js';
import type { Action, PromiseCause, Refusal } from '../fleet/actions.js';
import type { StopReason } from '../fleet/events.js';
import { brokenBy } from './broken-promise.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Forecast } from '../learned/load-times.js';
import type { ModelId } from '../fleet/ids.js';
import { earliestDeadline, endWaiting, requestsFor } from '../fleet/waiting.js';
import { hasVersion, routableReplicas } from '../learned/routes.js';
import type { Server } from '../fleet/server.js';
import { areLoadsStopped, isHeldUp } from '../fleet/standing.js';
import { describeWait, fromNow, type Wait } from '../loading/eta.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Line } from '../loading/line.js';
import type { JobForecast } from '../loading/schedule.js';
import { SHORT_HINT, unknownNow, Verdicts } from './verdicts.js';
import { noteBestEffort } from '../demand/best-effort.js';
import { madeOnce } from '../numbers/groups.js';

/**
 * The refusal of a request that was taken out of the queues. `why` tells when the model should be ready; `broken` why a
 * promise to the request was broken, if one was.
 */
export function refusal(
  fleet: Fleet,
  request: Request,
  why: Refusal,
  now: Now,
  broken: PromiseCause | 'unknown' | null = brokenBy(fleet, request, why, now),
): Action {
  const { id, model } = request;
  const said = isStopped(fleet, model, why, now) ? FROZEN : why;
  return { kind: 'refuse', request: id, refusal: said, ...(broken && { broken }) };
}

const FROZEN: Refusal = { reason: 'loading', retryAfter: null, phase: 'waiting', detail: 'frozen' };
const UNTIL_LOADED: ReadonlySet<Refusal['reason']> = new Set([
  ...(['loading', 'cooling_down', 'no_capacity', 'deadline_unreachable'] as const),
]);

/** Whether nothing but the end of a freeze helps, of which no hint tells: no load of the model is under way. */
const isStopped = (fleet: Fleet, model: ModelId, { reason, phase }: Refusal, now: Now): boolean =>
  fleet.frozen !== null &&
  UNTIL_LOADED.has(reason) &&
  phase !== 'loading' &&
  describeWait(fleet, model, now).phase !== 'loading';

/** Refuses all requests: this process or its term ends. */
export function refuseAll(fleet: Fleet, reason: StopReason, now: Now): Action[] {
  return refuseWhere(fleet, now, () => ({ reason, retryAfter: SHORT_HINT }));
}

/** Refuses requests that no wait would serve, and those whose models allow no wait. */
export function refuseUnservable(fleet: Fleet, open: readonly Server[], now: Now): Action[] {
  if (fleet.waiting.size === 0) return [];
  const verdicts = new Verdicts(fleet, open, now);
  return refuseWhere(fleet, now, (request) => {
    verdicts.refreshFor(request);
    return wrongVersion(fleet, request) ?? verdicts.on(request);
  });
}

function wrongVersion(fleet: Fleet, { model, version }: Request): Refusal | undefined {
  if (version === null) return undefined;
  const ready = routableReplicas(fleet, model);
  const isKnown = ready.length > 0 && ready.every(({ versions }) => versions.length > 0);
  if (!isKnown || ready.some((replica) => hasVersion(replica, version))) return undefined;
  return { reason: 'unknown_version', retryAfter: null };
}

/** Takes out requests whose deadline has passed: none gets a route, whatever is ready by now. */
export const takeExpired = (fleet: Fleet, now: Now): Request[] =>
  !now.has(earliestDeadline(fleet))
    ? []
    : takeOut(fleet, (request) => now.has(request.deadline) && !isNoWait(request));

/** Takes out requests that would not wait and got no route at once; each leaves best-effort demand for its model. */
export function takeNoWait(fleet: Fleet, now: Now): Request[] {
  const noWait = takeOut(fleet, isNoWait);
  for (const { model } of noWait) noteBestEffort(fleet, model, now);
  return noWait;
}

const isNoWait = ({ arrivedAt, deadline }: Request): boolean => deadline <= arrivedAt;

function takeOut(fleet: Fleet, isMeant: (request: Request) => boolean): Request[] {
  const taken = [...fleet.waiting.values()].filter(isMeant);
  for (const { id } of taken) endWaiting(fleet, id);
  return taken;
}

/** The answers to expired requests: how far their model has come, or that there is no room for it yet. */
export function answerExpired(fleet: Fleet, expired: readonly Request[], line: Line, now: Now): Action[] {
  const before = new Map<string, number>();
  return expired.map((request) => {
    const { model, arrivedAt } = request;
    const why = lateness(fleet, request, line, now);
    const position = madeOnce(before, `${arrivedAt} ${model}`, () => waitingBefore(fleet, request));
    return refusal(fleet, request, why.reason === 'loading' ? { ...why, position } : why, now);
  });
}

/** How many requests for its model came before a request, and wait. */
const waitingBefore = (fleet: Readonly<Fleet>, { model, arrivedAt: at }: Request): number =>
  requestsFor(fleet, model).filter(({ arrivedAt }) => arrivedAt < at).length;

function lateness(fleet: Fleet, { model }: Request, line: Line, now: Now): Refusal {
  if (!fleet.models.has(model)) return unknownNow(fleet);
  if (routableReplicas(fleet, model).length > 0) return READY_NOW;
  const wait = describeWait(fleet, model, now);
  const held = whyHeld(fleet);
  if (held !== null && wait.phase !== 'loading') return { reason: held, retryAfter: SHORT_HINT };
  const isWaiting = wait.phase === 'waiting';
  if (isWaiting && isNoServer(fleet, line, now)) return { reason: 'no_server', retryAfter: SHORT_HINT };
  const forecast = isWaiting && !areLoadsStopped(fleet) ? line.forecastFor(model) : undefined;
  const load = loadForecast(fleet, model, null);
  return forecast ? waitingInLine(wait, forecast, now) : comingIn(wait, load);
}

const isNoServer = (fleet: Fleet, { open }: Line, now: Now): boolean =>
  open.length === 0 && ![...fleet.servers.values()].some((one) => isHeldUp(fleet, one, now));

/** Why no load is ordered anywhere, where that is not an admin's word. */
function whyHeld({ held, loadsHeld }: Fleet): 'no_leader' | 'store_unavailable' | null {
  if (held) return 'no_leader';
  return loadsHeld ? 'store_unavailable' : null;
}

/** What the line foresees, also for a model that has no job in it: then it is the end of the line. */
function waitingInLine(wait: Wait, { roomAt, ready, load }: JobForecast, now: Now): Refusal {
  if (roomAt > now.stamp)
    return { reason: 'no_capacity', retryAfter: Math.max(SHORT_HINT, roomAt - now.stamp) };
  return comingIn({ ...wait, eta: fromNow(ready, now) }, load);
}

/** The model has become ready: the request may come again at once. */
const READY_NOW: Refusal = { reason: 'loading', retryAfter: SHORT_HINT, phase: 'loading', eta: 0 };

/**
 * How far a load has come: `eta` is its P50, `retryAfter` its P90. Without a forecast the hint is the time of a load.
 */
const comingIn = ({ phase, eta }: Wait, load: Forecast): Refusal => ({
  reason: 'loading',
  retryAfter: Math.max(SHORT_HINT, (eta ?? load).p90),
  phase,
  ...(eta === null ? {} : { eta: eta.p50 }),
});

function refuseWhere(fleet: Fleet, now: Now, judge: (request: Request) => Refusal | undefined): Action[] {
  const actions: Action[] = [];
  for (const request of fleet.waiting.values()) {
    const why = judge(request);
    if (!why) continue;
    endWaiting(fleet, request.id);
    actions.push(refusal(fleet, request, why, now));
  }
  return actions;
}
