import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import { type AccountId, hostAccount } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Place } from './places.js';

/** An eviction counts for so long. */
const MINUTE: Millis = 60_000;

/** Notes an eviction: replicas leave for a load at this place. */
export function noteEviction(fleet: Fleet, place: Place, now: Now): void {
  for (const [account, times] of fleet.evictions) {
    const young = times.filter((at) => at + MINUTE > now.stamp);
    if (young.length > 0) fleet.evictions.set(account, young);
    else fleet.evictions.delete(account);
  }
  for (const account of evictionDevices(place)) {
    fleet.evictions.set(account, [...(fleet.evictions.get(account) ?? []), now.stamp]);
  }
}

/** The devices that get a copy at a place; the host where there are none. */
export function evictionDevices({ server, devices }: Place): readonly AccountId[] {
  const coming = (server.devices ?? []).filter(({ ordinal }) => devices.includes(ordinal));
  return coming.length > 0 ? coming.map(({ account }) => account) : [hostAccount(server.spec.host)];
}

/** When a device with evictions at these moments has an eviction left; -Infinity or in the past where it has one now. */
export const evictsAgainAt = ({ limits }: Readonly<Fleet>, evictions: readonly Instant[]): Instant => {
  const { loadsPerDevicePerMinute: budget } = limits;
  return evictions.length < budget ? -Infinity : evictions[evictions.length - budget]! + MINUTE;
};

/** When all devices of a place have an eviction left; in the past where they have one now. */
export const openAgainAt = (fleet: Readonly<Fleet>, place: Place): Instant =>
  Math.max(
    ...evictionDevices(place).map((account) => evictsAgainAt(fleet, fleet.evictions.get(account) ?? [])),
  );
