import type { Now } from '../numbers/now.js';
import type { Action, Refusal } from '../fleet/actions.js';
import { type Fleet, replicasOf, type Request } from '../fleet/fleet.js';
import { p10Of } from '../learned/load-times.js';
import { routableReplicas } from '../learned/routes.js';
import { isLoading } from '../fleet/replica.js';
import { areLoadsStopped, isSettling } from '../fleet/standing.js';
import type { Line } from '../loading/line.js';
import { refuseAdmission } from './admission.js';
import { SHORT_HINT } from './verdicts.js';

/**
 * Refuses requests that cannot be served any more: no memory can be free, or not even the shortest plausible load (P10)
 * ends before the deadline of a promised request.
 */
export function refuseLost(fleet: Fleet, line: Line, now: Now): Action[] {
  if (areLoadsStopped(fleet) || isSettling(fleet, now)) return [];
  const lost: Action[] = [];
  for (const request of [...fleet.waiting.values()]) {
    const why = lossOf(fleet, line, request, now);
    if (why) lost.push(refuseAdmission(fleet, request, why, now));
  }
  return lost;
}

function lossOf(fleet: Fleet, line: Line, request: Request, now: Now): Refusal | undefined {
  const { id, model, deadline } = request;
  if (routableReplicas(fleet, model).length > 0 || replicasOf(fleet, model).some(isLoading)) return undefined;
  const forecast = line.of(model);
  if (!forecast) return undefined;
  const { roomAt, ready, load } = forecast;
  const isPromised = fleet.promises.get(id) != null;
  if (roomAt === Infinity) return { reason: 'no_capacity', retryAfter: Infinity };
  return isPromised && now.stamp + p10Of(load) > deadline
    ? { reason: 'deadline_unreachable', retryAfter: Math.max(SHORT_HINT, ready.p90 - now.stamp) }
    : undefined;
}
