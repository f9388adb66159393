import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import { PINNED } from '../demand/rank.js';
import type { Place } from './places.js';
import { isStarving } from '../demand/starving.js';
import type { Want } from '../demand/wants.js';

/** Swaps count for so long. */
const MINUTE: Millis = 60_000;

/** Notes a swap: others leave for a load at this place. */
export function noteSwap(fleet: Fleet, place: Place, now: Instant): void {
  for (const [account, times] of fleet.swaps) {
    const young = times.filter((at) => at + MINUTE > now);
    if (young.length > 0) fleet.swaps.set(account, young);
    else fleet.swaps.delete(account);
  }
  for (const account of devicesSwapped(place)) {
    fleet.swaps.set(account, [...(fleet.swaps.get(account) ?? []), now]);
  }
}

/** The devices that get a copy there; where that is none, the host. */
function devicesSwapped({ server, devices, grows }: Place): readonly AccountId[] {
  const coming = (server.devices ?? []).filter(
    ({ ordinal }) => devices.includes(ordinal) && !grows?.devices.includes(ordinal),
  );
  return coming.length > 0 ? coming.map(({ account }) => account) : [hostAccount(server.spec.host)];
}

/** When a device has a swap left again that has spent its budget; in the past where it has one now. */
const swapsAgainAt = ({ swaps, limits }: Readonly<Fleet>, account: AccountId): Instant =>
  againAfter(swaps.get(account) ?? NO_SWAPS, limits.loadsPerDevicePerMinute);

const NO_SWAPS: readonly Instant[] = [];

const againAfter = (times: readonly Instant[], budget: number): Instant =>
  times.length < budget ? -Infinity : times[times.length - budget]! + MINUTE;

/** When the first of the devices that have spent their budgets has a swap left again; `Infinity` where none has. */
export function nextSwapAt({ swaps, limits }: Readonly<Fleet>, now: Instant): Instant {
  let next = Infinity;
  for (const times of swaps.values()) {
    const at = againAfter(times, limits.loadsPerDevicePerMinute);
    if (at > now && at < next) next = at;
  }
  return next;
}

/** Tells whether others may leave for a want at a place now: at all of them for a pin, and for a want that starves. */
export function swapTest(fleet: Readonly<Fleet>, want: Want, now: Instant): (place: Place) => boolean {
  if (want.rank === PINNED || !isAnySpent(fleet, now) || isStarving(fleet, want, now)) return () => true;
  return (place) => openAgainAt(fleet, place) <= now;
}

/** From when on others may leave for a want at a place: at once for a pin, and at the latest when it starves. */
export function swapFrom(fleet: Readonly<Fleet>, place: Place, want: Want): Instant {
  if (want.rank === PINNED) return -Infinity;
  const starvesAt = want.isExtra ? Infinity : want.waitsSince + fleet.limits.starvation;
  return Math.min(openAgainAt(fleet, place), starvesAt);
}

/** Whether others may leave for a want at a place now. */
export const maySwap = (fleet: Readonly<Fleet>, place: Place, want: Want, now: Instant): boolean =>
  swapTest(fleet, want, now)(place);

/** Whether any device has spent its budget. */
export const isAnySpent = (fleet: Readonly<Fleet>, now: Instant): boolean =>
  nextSwapAt(fleet, now) < Infinity;

/** When the devices of a place all have a swap left again; in the past where they have one now. */
export const openAgainAt = (fleet: Readonly<Fleet>, place: Place): Instant =>
  Math.max(...devicesSwapped(place).map((account) => swapsAgainAt(fleet, account)));
