import type { Action, PromiseCause, Refusal } from '../fleet/actions.js';
import { turnBehindAll } from './backlogs.js';
import { brokenBy } from './broken-promise.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Forecast } from '../learned/load-times.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant } from '../fleet/model.js';
import { returnIn } from './returns.js';
import { hasVersion, routableReplicas } from '../learned/routes.js';
import type { Server } from '../fleet/server.js';
import { describeWait, type Wait } from '../loading/eta.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Line } from '../loading/line.js';
import { QueuePlaces } from './queue-places.js';
import { SHORT_HINT, Verdicts } from './verdicts.js';
import { wish } from '../demand/wishes.js';

/** The reasons that are overload or haste: a caller told so comes again, and is not to come with all others. */
const SHED_REASONS: ReadonlySet<Refusal['reason']> = new Set([
  'deadline_unreachable',
  'no_capacity',
  'queue_full',
  'over_share',
]);

/** The refusal of a request that waits no more. `why` tells when the model should be ready. */
export function refusal(
  fleet: Fleet,
  request: Request,
  why: Refusal,
  now: Instant,
  broken: PromiseCause | 'unknown' | null = brokenBy(fleet, request, why, now),
): Action {
  const { id, model } = request;
  const { reason, retryAfter } = why;
  const isSpread = SHED_REASONS.has(reason) && retryAfter !== null;
  const spread = isSpread ? { ...why, retryAfter: returnIn(fleet, model, retryAfter, now) } : why;
  return { kind: 'refuse', request: id, refusal: spread, ...(broken && { broken }) };
}

/** Answers all requests: this process is going. */
export function refuseAll(fleet: Fleet, now: Instant): Action[] {
  return refuseWhere(fleet, now, () => ({ reason: 'shutting_down', retryAfter: SHORT_HINT }));
}

/** Turns away requests that no amount of waiting would serve, and those that may not wait. */
export function refuseHopeless(fleet: Fleet, open: readonly Server[], now: Instant): Action[] {
  if (fleet.waiting.size === 0) return [];
  const verdicts = new Verdicts(fleet, open, now);
  return refuseWhere(fleet, now, (request) => wrongVersion(fleet, request) ?? verdicts.on(request));
}

function wrongVersion(fleet: Fleet, { model, version }: Request): Refusal | undefined {
  if (version === null) return undefined;
  const ready = routableReplicas(fleet, model);
  const isKnown = ready.length > 0 && ready.every(({ versions }) => versions.length > 0);
  if (!isKnown || ready.some((replica) => hasVersion(replica, version))) return undefined;
  return { reason: 'unknown_version', retryAfter: null };
}

/** Takes out requests that have waited for as long as they may: none gets a route, whatever is ready by now. */
export const takeExpired = (fleet: Fleet, now: Instant): Request[] =>
  takeOut(fleet, (request) => isExpired(request, now));

/** Takes out requests that would not wait at all, and for which there was nothing at once: they leave a wish behind. */
export function takeHasty(fleet: Fleet, now: Instant): Request[] {
  const hasty = takeOut(fleet, waitsNotAtAll);
  for (const { model } of hasty) wish(fleet, model, now);
  return hasty;
}

/** Whether a request has waited until its time was up. */
const isExpired = (request: Request, now: Instant): boolean =>
  request.deadline <= now && !waitsNotAtAll(request);

const waitsNotAtAll = ({ arrivedAt, deadline }: Request): boolean => deadline <= arrivedAt;

function takeOut({ waiting }: Fleet, isMeant: (request: Request) => boolean): Request[] {
  const taken: Request[] = [];
  for (const request of waiting.values()) if (isMeant(request)) taken.push(request);
  for (const { id } of taken) waiting.delete(id);
  return taken;
}

/** The answer to requests whose time is up: how far their model has come, or that there is no room for it yet. */
export function answerExpired(
  fleet: Fleet,
  expired: readonly Request[],
  line: Line,
  open: readonly Server[],
  now: Instant,
): Action[] {
  const queue = new QueuePlaces(fleet, now);
  return expired.map((request) => {
    const why = lateness(fleet, request, line, open, now);
    const told = why.reason === 'loading' ? { ...why, position: queue.before(request) } : why;
    return refusal(fleet, request, told, now);
  });
}

function lateness(
  fleet: Fleet,
  { model }: Request,
  line: Line,
  open: readonly Server[],
  now: Instant,
): Refusal {
  const verdicts = new Verdicts(fleet, open, now);
  if (!fleet.models.has(model)) return verdicts.unknownNow();
  if (routableReplicas(fleet, model).length > 0) return served(fleet, model, now);
  const wait = describeWait(fleet, model, now);
  if (wait.phase === 'waiting' && !verdicts.hasOpenServer())
    return { reason: 'no_server', retryAfter: SHORT_HINT };
  const roomAt = wait.phase === 'waiting' && !fleet.frozen ? (line.forecastFor(model)?.roomAt ?? now) : now;
  if (roomAt > now) return { reason: 'no_capacity', retryAfter: Math.max(SHORT_HINT, roomAt - now) };
  return { ...comingIn(wait, loadForecast(fleet, model, null)), ...detailOf(fleet, wait) };
}

/** Its model is ready, at last: the request may come again at once, or behind those that are held back. */
function served(fleet: Fleet, model: ModelId, now: Instant): Refusal {
  const eta = (turnBehindAll(fleet, model) ?? now) - now;
  return { reason: 'loading', retryAfter: Math.max(SHORT_HINT, eta), phase: 'loading', eta };
}

/**
 * How far it is: `eta` is when it should be ready (P50), `retryAfter` when it surely is (P90). Where there is no forecast
 * the hint is the time of a load.
 */
const comingIn = ({ phase, eta }: Wait, load: Forecast): Refusal => ({
  reason: 'loading',
  retryAfter: Math.max(SHORT_HINT, (eta ?? load).p90),
  phase,
  ...(eta === null ? {} : { eta: eta.p50 }),
});

/** What else than its own load keeps a model waiting. */
const detailOf = ({ frozen }: Fleet, { phase }: Wait): Pick<Refusal, 'detail'> =>
  frozen && phase !== 'loading' ? { detail: 'frozen' } : {};

function refuseWhere(fleet: Fleet, now: Instant, judge: (request: Request) => Refusal | undefined): Action[] {
  const actions: Action[] = [];
  for (const request of fleet.waiting.values()) {
    const why = judge(request);
    if (!why) continue;
    fleet.waiting.delete(request.id);
    actions.push(refusal(fleet, request, why, now));
  }
  return actions;
}
