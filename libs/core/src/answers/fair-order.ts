import type { Request } from '../fleet/fleet.js';
import { LOWEST_FIRST } from '../demand/rank.js';
import { grouped } from '../numbers/groups.js';

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
