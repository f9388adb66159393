import { ASKS_FADE_OVER } from '../learned/demand.js';
import { Admission, type AdmissionVerdict } from '../answers/admission.js';
import { drainTime, takeOverflow } from '../answers/overflow.js';
import { plainRequest } from '../answers/request-of.js';
import { mayBeLoaded, presentCopies, wantsNow } from '../demand/wants.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Instant, Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import type { RequestId, TenantId } from '../fleet/ids.js';
import { routableReplicas } from '../learned/routes.js';
import { Line } from '../loading/line.js';
import { added } from '../numbers/decaying-sum.js';

/**
 * How a request for a cold model that came now and may wait as long as the model allows would be judged, by admission and
 * by the bounds of the queues. Null where the model has a copy, may not be loaded, or lets no request wait. The fleet is
 * not changed.
 */
export function supposedRequest(
  fleet: Readonly<Fleet>,
  model: Model,
  open: readonly Server[],
  now: Instant,
): AdmissionVerdict | null {
  if (!model.enabled || !mayBeLoaded(fleet, model.id) || model.coldStart.policy === 'shed') return null;
  if (routableReplicas(fleet, model.id).length > 0 || presentCopies(fleet, model.id, now) > 0) return null;
  const request = plainRequest('' as RequestId, model.id, mostCharged(fleet), model, now);
  const supposed = withRequest(fleet, request, now);
  const line = new Line(supposed, wantsNow(supposed, now), open, now);
  const verdict = new Admission(supposed, line, now).judge(request);
  const away = takeOverflow(supposed).find((one) => one.request === request);
  return away ? { ...verdict, why: { ...away.why, retryAfter: drainTime(fleet, model.id, now) } } : verdict;
}

/** The tenant that was charged most lately: a request of any other tenant would wait no longer. */
function mostCharged({ spending, waiting }: Readonly<Fleet>): TenantId {
  let [most] = Array.from(waiting.values(), ({ tenant }) => tenant);
  let known = -Infinity;
  for (const [tenant, { sum, at }] of spending) {
    // All charges decay alike, so their order is the same at any moment.
    const key = Math.log(sum) + at / ASKS_FADE_OVER;
    if (key > known) [most, known] = [tenant, key];
  }
  return most ?? ('' as TenantId);
}

/** The fleet with the request in it, and copies of what admission writes into. */
const withRequest = (fleet: Readonly<Fleet>, request: Request, now: Instant): Fleet => ({
  ...fleet,
  waiting: new Map(fleet.waiting).set(request.id, request),
  awaitedSince: new Map(fleet.awaitedSince).set(request.model, fleet.awaitedSince.get(request.model) ?? now),
  asks: new Map(fleet.asks).set(request.model, added(fleet.asks.get(request.model), 1, now, ASKS_FADE_OVER)),
  promises: new Map(fleet.promises),
  charges: new Map(fleet.charges),
  spending: new Map(fleet.spending),
});
