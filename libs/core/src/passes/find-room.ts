import type { Fleet } from '../fleet.js';
import type { Instant } from '../model.js';
import { bestFit } from './best-fit.js';
import { evictFor, type Promised } from './evict.js';
import type { Freed } from './freed.js';
import { followMove } from './moves.js';
import type { Place } from './places.js';
import type { Site } from './sites.js';
import { soonestFirst } from './soonest.js';
import { crowding } from './spread.js';
import type { Want } from './wants.js';

/** Room for one copy more on these sites, or how it could be freed: where it hurts least, or for some where it is there soonest. */
export function findRoom(
  fleet: Fleet,
  want: Want,
  sites: readonly Site[],
  promised: Promised,
  now: Instant,
): Freed {
  const { ledger, lines } = promised;
  const isShort = lines.testFor(want);
  const crowdOn = crowding(fleet, want.model, now);
  const hasSlot = (one: Place): boolean => isShort(one, 1);
  const fitIn = (some: readonly Site[]): Freed | undefined => {
    const place = bestFit(fleet, ledger, some, want.model, { crowdOn, hasSlot });
    return place && { kind: 'freed', place };
  };
  for (const some of soonestFirst(fleet, sites, want, now)) {
    const found = fitIn(some) ?? evictFor(fleet, promised, { sites: some, mayMove: false }, want, now);
    if (found.kind !== 'nothing' && found.kind !== 'inLine') return found;
  }
  return (
    fitIn(sites) ??
    followMove(fleet, ledger, sites, want, now) ??
    evictFor(fleet, promised, { sites, mayMove: true }, want, now)
  );
}
