import type { Request } from '../fleet/fleet.js';
import type { TenantId } from '../fleet/ids.js';
import { LOWEST_FIRST } from '../demand/rank.js';

/** One of so many is of a lower class, as long as any of these are left. */
const FLOOR = 10;

/**
 * The order in which requests for one model are served, given in the order that counts within a tenant: the higher class
 * first, but every tenth place goes to the classes below it, so that these do not starve; within a class the tenants
 * take turns.
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

/** One of each tenant after the other, as long as it has any left. */
function inTurns(requests: readonly Request[]): readonly Request[] {
  const tenants = new Map<TenantId, Request[]>();
  for (const request of requests) {
    const own = tenants.get(request.tenant);
    if (own) own.push(request);
    else tenants.set(request.tenant, [request]);
  }
  if (tenants.size === 1) return requests;
  const all: Request[] = [];
  for (let round = 0; all.length < requests.length; round += 1) {
    for (const own of tenants.values()) if (round < own.length) all.push(own[round]!);
  }
  return all;
}
