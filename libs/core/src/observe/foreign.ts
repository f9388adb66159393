import { type Fleet, replicasOn } from '../fleet/fleet.js';
import {
  bytesOn,
  givesBackLate,
  heldOn,
  hiddenOn,
  measuredOn,
  meterOf,
  touches,
  windowOf,
} from '../fleet/meter.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Replica, Unloading } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { isStuck } from '../fleet/standing.js';

/** What a replica is known to hold on a device: as measured, else as booked. */
function explainedBy(server: Server, replica: Replica, { ordinal, account }: Device): Bytes {
  if (replica.phase === 'placed') return 0;
  const measured = replica.devices.includes(ordinal) ? measuredOn(server, replica.model, ordinal) : null;
  if (measured === null) return heldOn(account, replica);
  return measured + heldOn(account, replica) - bytesOn(account, replica.bookings);
}

/** What is in use on a device beyond all that replicas are known to hold there, hidden copies among them: below 0 where less is in use. */
export const unexplainedOn = (fleet: Fleet, server: Server, device: Device): Bytes =>
  replicasOn(fleet, server.spec.id).reduce(
    (rest, one) => rest - explainedBy(server, one, device),
    device.used! - hiddenOn(device.account, server),
  );

/**
 * Sets what is counted as others' by a reading, at once: at least what is in use beyond all that replicas may hold, at
 * most what is in use beyond what they surely hold, and within that as near as may be to what was counted.
 */
export function countOthers(
  fleet: Fleet,
  server: Server,
  device: Device,
  begunAt: Instant,
  now: Instant,
): void {
  const meter = meterOf(server, device.ordinal);
  const least = beyondAll(fleet, server, device, begunAt);
  const most = beyondSure(fleet, server, device, begunAt, now);
  meter.others = Math.max(least, Math.min(meter.others, most));
  if (meter.closed?.because === 'not_known_yet') meter.closed = { ...meter.closed, most };
}

/** What is in use beyond all that replicas may hold: what is booked or measured of them, the larger, and what a reading may still show of others. */
function beyondAll(fleet: Fleet, server: Server, device: Device, begunAt: Instant): Bytes {
  const { account, ordinal, used } = device;
  let rest = used! - hiddenOn(account, server);
  for (const one of replicasOn(fleet, server.spec.id))
    if (one.phase !== 'placed') rest -= Math.max(heldOn(account, one), explainedBy(server, one, device));
  for (const { bytes, at } of meterOf(server, ordinal).gone)
    if (begunAt < at + windowOf(server)) rest -= bytes;
  return Math.max(0, rest);
}

/** What is in use beyond what replicas surely hold. */
function beyondSure(fleet: Fleet, server: Server, device: Device, begunAt: Instant, now: Instant): Bytes {
  let rest = device.used!;
  for (const one of replicasOn(fleet, server.spec.id))
    if (isSurelyThere(fleet, server, one, begunAt, now)) rest -= explainedBy(server, one, device);
  return Math.max(0, rest);
}

/** Whether a reading shows what a replica holds: it may not where the copy came up only just, and does not where it leaves. */
function isSurelyThere(
  fleet: Fleet,
  server: Server,
  replica: Replica,
  begunAt: Instant,
  now: Instant,
): boolean {
  switch (replica.phase) {
    case 'ready':
    case 'draining':
      if (replica.phase === 'ready' && replica.change !== null) return false;
      return begunAt >= replica.since + windowOf(server);
    case 'unloading':
      return false;
    default:
      return isStuck(fleet, replica, now);
  }
}

/**
 * Whether the memory of a replica that a look shows absent is back. Of a process that gives it back late what is in use
 * has to fit the books without it, or a window has to pass.
 */
export function isBack(
  fleet: Fleet,
  server: Server,
  replica: Unloading & { readonly absentSince: Instant },
  { begunAt, now }: { readonly begunAt: Instant; readonly now: Instant },
): boolean {
  if (!givesBackLate(server, now) || begunAt >= replica.absentSince + windowOf(server)) return true;
  const devices = (server.devices ?? []).filter((one) => one.used !== null && touches(replica, one.ordinal));
  return devices.every(
    (device) => beyondSure(fleet, server, device, begunAt, now) <= meterOf(server, device.ordinal).others,
  );
}
