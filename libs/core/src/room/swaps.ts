import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Place } from './places.js';

/** A swap counts for so long. */
const MINUTE: Millis = 60_000;

/** Notes a swap: replicas leave for a load at this place. */
export function noteSwap(fleet: Fleet, place: Place, now: Now): void {
  for (const [account, times] of fleet.swaps) {
    const young = times.filter((at) => at + MINUTE > now.stamp);
    if (young.length > 0) fleet.swaps.set(account, young);
    else fleet.swaps.delete(account);
  }
  for (const account of devicesSwapped(place)) {
    fleet.swaps.set(account, [...(fleet.swaps.get(account) ?? []), now.stamp]);
  }
}

/** The devices that get a copy at a place; the host where there are none. */
export function devicesSwapped({ server, devices }: Place): readonly AccountId[] {
  const coming = (server.devices ?? []).filter(({ ordinal }) => devices.includes(ordinal));
  return coming.length > 0 ? coming.map(({ account }) => account) : [hostAccount(server.spec.host)];
}

/** When a device with swaps at these moments has a swap left; -Infinity or in the past where it has one now. */
export const swapsAgainAt = ({ limits }: Readonly<Fleet>, swaps: readonly Instant[]): Instant => {
  const { loadsPerDevicePerMinute: budget } = limits;
  return swaps.length < budget ? -Infinity : swaps[swaps.length - budget]! + MINUTE;
};

/** When all devices of a place have a swap left; in the past where they have one now. */
export const openAgainAt = (fleet: Readonly<Fleet>, place: Place): Instant =>
  Math.max(...devicesSwapped(place).map((account) => swapsAgainAt(fleet, fleet.swaps.get(account) ?? [])));
