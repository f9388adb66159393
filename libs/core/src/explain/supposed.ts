import { ASKS_FADE_OVER } from '../learned/demand.js';
import { judgeRequest, type AdmissionVerdict } from '../answers/admission.js';
import { mayBeLoaded, presentCopies, wantsNow } from '../demand/wants.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Instant, Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import { DEFAULT_LEASE } from '../learned/leases.js';
import { routableReplicas } from '../learned/routes.js';
import { Line } from '../loading/line.js';
import { added } from '../numbers/decaying-sum.js';

/**
 * What admission would say to a request for a cold model that came now and may wait as long as the model allows. Null
 * where no copy lacks, where none may be loaded, or where requests never wait. The fleet stays as it is.
 */
export function supposedRequest(
  fleet: Readonly<Fleet>,
  model: Model,
  open: readonly Server[],
  now: Instant,
): AdmissionVerdict | null {
  if (!model.enabled || !mayBeLoaded(fleet, model.id) || model.coldStart.policy === 'shed') return null;
  if (routableReplicas(fleet, model.id).length > 0 || presentCopies(fleet, model.id, now) > 0) return null;
  const request: Request = {
    id: '' as RequestId,
    model: model.id,
    version: null,
    arrivedAt: now,
    deadline: now + model.coldStart.maxWait,
    lease: DEFAULT_LEASE,
    class: model.class,
    avoid: [],
    tenant: mostCharged(fleet),
    bytes: 0,
  };
  const supposed = withRequest(fleet, request, now);
  return judgeRequest(supposed, new Line(supposed, wantsNow(supposed, now), open, now), request, now);
}

/** The tenant that was charged for most lately: a request of another one would wait no longer. */
function mostCharged({ spending, waiting }: Readonly<Fleet>): TenantId {
  let [most] = Array.from(waiting.values(), ({ tenant }) => tenant);
  let known = -Infinity;
  for (const [tenant, { sum, at }] of spending) {
    // All charges fade alike, so that their order is the same at any moment.
    const key = Math.log(sum) + at / ASKS_FADE_OVER;
    if (key > known) [most, known] = [tenant, key];
  }
  return most ?? ('' as TenantId);
}

/** The fleet after the request was heard of, with copies of what admission writes into. */
const withRequest = (fleet: Readonly<Fleet>, request: Request, now: Instant): Fleet => ({
  ...fleet,
  waiting: new Map(fleet.waiting).set(request.id, request),
  awaitedSince: new Map(fleet.awaitedSince).set(request.model, awaitedSince(fleet, request.model, now)),
  asks: new Map(fleet.asks).set(request.model, added(fleet.asks.get(request.model), 1, now, ASKS_FADE_OVER)),
  promises: new Map(fleet.promises),
  charges: new Map(fleet.charges),
  spending: new Map(fleet.spending),
});

const awaitedSince = (fleet: Readonly<Fleet>, model: ModelId, now: Instant): Instant =>
  fleet.awaitedSince.get(model) ?? now;
