import type { Fleet } from '../fleet/fleet.js';
import type { Instant } from '../fleet/model.js';
import { bestFit } from '../room/best-fit.js';
import { evictFor, type Pass } from './evict.js';
import type { Freed } from '../room/freed.js';
import { followMove } from './moves.js';
import type { Place } from '../room/places.js';
import type { Site } from '../room/sites.js';
import { soonestFirst } from '../loading/soonest.js';
import { crowding } from '../room/spread.js';
import type { Want } from '../demand/wants.js';

/**
 * Room for one copy more on these sites, or how it could be freed. Where memory is free no copy leaves. Else it is a
 * place where memory will be free, or where evictions cost least. A model with critical requests goes first where its
 * load should begin soonest: a load that has begun before it cannot be stopped any more.
 */
export function findRoom(fleet: Fleet, want: Want, sites: readonly Site[], pass: Pass, now: Instant): Freed {
  const fits = fitsFor(fleet, want, pass, now);
  const fit = fits.fitIn(sites);
  const isHurried = !want.isExtra && pass.hurried.has(want.model.id);
  const soonest = isHurried ? findSoonest(fleet, want, { sites, fit, fits }, pass, now) : undefined;
  if (soonest) return soonest;
  if (fit) return { kind: 'freed', place: fit };
  const moved = followMove(fleet, pass.ledger, sites, want, now);
  return moved ?? evictFor(fleet, pass, { sites, mayMove: true }, want, now);
}

interface Fits {
  /** The best place with room on some sites. */
  readonly fitIn: (sites: readonly Site[]) => Place | undefined;
  /** Whether a load could begin there at once. */
  readonly hasSlot: (place: Place) => boolean;
}

function fitsFor(fleet: Fleet, want: Want, { ledger, lines }: Pass, now: Instant): Fits {
  const isShort = lines.testFor(want);
  const crowdOn = crowding(fleet, want.model, now);
  const hasSlot = (one: Place): boolean => isShort(one, 1);
  return { hasSlot, fitIn: (sites) => bestFit(fleet, ledger, sites, want.model, { crowdOn, hasSlot }) };
}

/** What is known when it is looked for where a load begins soonest: the best place with room, if there is any. */
interface Known {
  readonly sites: readonly Site[];
  readonly fit: Place | undefined;
  readonly fits: Fits;
}

/** The same where the load should begin soonest, without any move; undefined where it begins at once in the best place. */
function findSoonest(
  fleet: Fleet,
  want: Want,
  { sites, fit, fits }: Known,
  pass: Pass,
  now: Instant,
): Freed | undefined {
  const { ledger } = pass;
  const isFree = ({ bookings }: Place): boolean => ledger.fitsSpare(bookings) && ledger.fitsFree(bookings);
  const isAnyFree = fit !== undefined && isFree(fit);
  if (isAnyFree && fits.hasSlot(fit)) return undefined;
  const among = isAnyFree ? sites.map((site) => site.where(isFree)) : sites;
  for (const some of soonestFirst(fleet, among, want, now)) {
    const place = fits.fitIn(some);
    if (place) return { kind: 'freed', place };
    const found = evictFor(fleet, pass, { sites: some, mayMove: false }, want, now);
    if (found.kind !== 'nothing' && found.kind !== 'inLine') return found;
  }
  return undefined;
}
