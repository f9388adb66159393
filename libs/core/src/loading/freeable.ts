import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import type { Freed } from '../room/freed.js';
import type { Place } from '../room/places.js';
import type { Site } from '../room/sites.js';
import { DEPTH, type LineTest } from './slot-line.js';
import { swapTest } from '../room/swaps.js';
import type { Want } from '../demand/wants.js';

/** Where others may leave for a load. */
export interface Freeable {
  /** Where the load could begin as soon as they have left: looked at first. */
  readonly soon: readonly Site[];
  /** These, and where it would be the next. */
  readonly free: readonly Site[];
  /** Whether any of the latter were found that are not among the former. */
  readonly isAnyBusy: () => boolean;
  readonly nothing: () => Freed;
}

/** Where copies may leave now; where none can, `nothing` tells whether a shorter line for load slots may help. */
export function freeable(
  fleet: Fleet,
  sites: readonly Site[],
  want: Want,
  isShort: LineTest,
  now: Instant,
): Freeable {
  const maySwap = swapTest(fleet, want, now);
  let [isHeldUp, isBusy] = [false, false];
  const mayBeFreed = (place: Place): boolean => {
    if (!maySwap(place)) return false;
    if (isShort(place, DEPTH)) return true;
    isHeldUp = true;
    return false;
  };
  const beginsAtOnce = (place: Place): boolean => {
    if (isShort(place, 1)) return true;
    isBusy = true;
    return false;
  };
  const free = sites.map((site) => site.where(mayBeFreed));
  const soon = free.map((site) => site.where(beginsAtOnce));
  return {
    ...{ soon, free },
    isAnyBusy: () => isBusy,
    nothing: () => ({ kind: isHeldUp ? 'inLine' : 'nothing' }),
  };
}
