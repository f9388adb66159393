import type { Now } from '../numbers/now.js';
import type { Refusal } from '../fleet/actions.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, RequestId, TenantId } from '../fleet/ids.js';
import type { Millis } from '../fleet/model.js';
import { tenantsWaiting } from '../fleet/waiting.js';
import { TIME_CONSTANT } from '../numbers/decaying-sum.js';
import { plainRequest } from '../answers/request-of.js';
import { describeWait } from '../loading/eta.js';
import { playInstant } from '../instant.js';
import { copyFleet } from './copy-fleet.js';

/** What is told of a request that would come now and wait for as long as its model allows. */
export interface Foretold {
  /** Why it would be refused at once; null where it would wait or get a route. */
  readonly refusal: Refusal['reason'] | null;
  /** How long it would wait (P50); null where it would be refused, or there is no telling. */
  readonly predictedWait: Millis | null;
}

/** Takes the turn of such a request on a copy of the fleet. */
export function foretold(fleet: Readonly<Fleet>, id: ModelId, now: Now): Foretold {
  const copy = copyFleet(fleet);
  const request = plainRequest(
    'foretold' as RequestId,
    id,
    mostCharged(fleet),
    fleet.models.get(id),
    now.stamp,
  );
  const { actions } = playInstant(copy, [{ kind: 'RequestArrived', request }], now.stamp);
  const answer = actions.find((one) => 'request' in one && one.request === request.id);
  if (answer?.kind === 'refuse') return { refusal: answer.refusal.reason, predictedWait: null };
  const wait = answer ? 0 : (describeWait(copy, id, now).eta?.p50 ?? null);
  return { refusal: null, predictedWait: wait };
}

/** The tenant that was charged most lately: a request of any other tenant would wait no longer. */
function mostCharged(fleet: Readonly<Fleet>): TenantId {
  let [most] = tenantsWaiting(fleet);
  let known = -Infinity;
  for (const [tenant, { sum, at }] of fleet.spending) {
    // All charges decay alike, so their order is the same at any moment.
    const key = Math.log(sum) + at / TIME_CONSTANT;
    if (key > known) [most, known] = [tenant, key];
  }
  return most ?? ('' as TenantId);
}
