import { placesWithin, standsAfter } from './backlogs.js';
import type { Fleet, Request } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { expectedThroughput } from './throughput.js';
import { inOrderOfRelease } from './hold-back.js';

/**
 * Tells how many waiting requests would get routes before a request that came again now and waited for as long as its
 * model allows. It is worked out once for each kind of request.
 */
export function queuePlaces(fleet: Readonly<Fleet>, now: Instant): (request: Request) => number {
  const known = new Map<string, number>();
  return (request) => {
    const kind = [request.model, request.class, request.tenant].join(' ');
    const place = known.get(kind) ?? queuePlaceOf(fleet, request, now);
    known.set(kind, place);
    return place;
  };
}

function queuePlaceOf(fleet: Readonly<Fleet>, request: Request, now: Instant): number {
  const { model } = request;
  const { maxWait } = (fleet.models.get(model) ?? fleet.defaults).coldStart;
  const again = { ...request, arrivedAt: now, deadline: now + maxWait };
  const others = [...fleet.waiting.values()].filter((one) => one.model === model);
  const throughput = expectedThroughput(fleet, model);
  const byDeadline = throughput ? placesWithin(throughput, standsAfter(fleet, model)) : Infinity;
  return inOrderOfRelease([...others, again], byDeadline).indexOf(again);
}
