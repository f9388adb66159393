import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { AccountId, ModelId } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import {
  bytesOn,
  closeAfterLoad,
  heldOn,
  isMeasured,
  measuredOn,
  meterOf,
  windowOf,
  withheldOn,
} from '../fleet/meter.js';
import type { Shortfall } from '../fleet/meters.js';
import type { Bytes, Millis } from '../fleet/model.js';
import type { Loading } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { rebook } from './declared.js';
import type { Reading } from './pairs.js';

/** How long a shortfall lasts on an unmeasured device: the longest back-off after a failed load. */
const UNMEASURED: Millis = 60_000;

/**
 * A load ran out of memory, and is still booked. Others must hold more on one of its devices than was counted as it was
 * ordered: they close until a clean sample tells, also where a look has counted some since, as more may hide behind what
 * the load books. An unmeasured device tells only where the books have room, and nothing of a model that failed before: it
 * may take more than it books.
 */
export function noteShortfall(fleet: Fleet, replica: Loading, now: Now): void {
  const ledger = new Ledger(fleet, now);
  const server = fleet.servers.get(replica.server)!;
  for (const device of server.devices ?? []) {
    const { capacity, held } = ledger.of(device.account);
    const asked = askedOf(fleet, replica, device.account);
    const isClosing = isMeasured(server, device, now.stamp);
    if (asked === 0) continue;
    if (!isClosing && (held > capacity || fleet.cooldowns.has(replica.id))) continue;
    fleet.shortfalls.set(device.account, shortfallOf(fleet, replica, device, capacity - held, asked));
    if (isClosing) close(fleet, server, device, now);
  }
}

/** Of a load that had asked for so much where so much was left beside it. */
function shortfallOf(
  { shortfalls, servers, now }: Fleet,
  replica: Loading,
  device: Device,
  left: Bytes,
  asked: Bytes,
): Shortfall {
  const { id, model, server, orderedAt } = replica;
  const { account, ordinal } = device;
  const at = servers.get(server)!;
  const meter = meterOf(at, ordinal);
  return {
    ...{ at: now, replica: id, model, server, until: now + UNMEASURED },
    // On an unmeasured device what an earlier load has shown is no part of the capacity any more.
    bytes: left + 1 + (isMeasured(at, device, now) ? 0 : (shortfalls.get(account)?.bytes ?? 0)),
    free: left + asked,
    // Where the books have no room any more others are known to be the cause.
    others: left < 0 ? -Infinity : meter.others,
    isAfterUnload: meter.gone.some((one) => one.isCopy && one.at >= orderedAt - windowOf(at)),
  };
}

/** What the load was to take of an account, with the steps that it brings up. */
function askedOf(fleet: Fleet, replica: Loading, account: AccountId): Bytes {
  const brought = replicasOn(fleet, replica.server).filter(
    (one) => one.id === replica.id || ('coLoadedBy' in one && one.coLoadedBy === replica.id),
  );
  return brought.reduce((sum, { bookings }) => sum + bytesOn(account, bookings), 0);
}

/** Closes a device. Others may hide in what the copies there do not use that were not measured: as these leave it closes anew. */
function close(fleet: Fleet, server: Server, { ordinal, account }: Device, now: Now): void {
  const meter = meterOf(server, ordinal);
  closeAfterLoad(meter, now.stamp);
  server.lateMemoryAt = now.stamp;
  const there = replicasOn(fleet, server.spec.id).filter(
    ({ phase, devices }) => phase !== 'placed' && phase !== 'loading' && devices.includes(ordinal),
  );
  const unmeasured = there.filter(({ model }) => measuredOn(server, model, ordinal) === null);
  const booked = unmeasured.map((one) => [one.model, heldOn(account, one)] as const);
  meter.suspects = new Map([...meter.suspects, ...booked]);
}

/**
 * The clean sample of its last device tells why a load ran out. Where others hold no more on any of them than was counted,
 * the model took more, if that has run out before: it is booked with more than the books had for it, until it is measured.
 * Else the memory of a copy that had just left came back late: a strike against the process.
 */
export function judgeShortfall({ fleet, server, device, meter, now }: Reading): void {
  const shortfall = fleet.shortfalls.get(device.account);
  fleet.shortfalls.delete(device.account);
  if (!shortfall) return;
  const { others } = meter;
  const rest = [...fleet.shortfalls].filter(
    ([, { replica, at }]) => replica === shortfall.replica && at === shortfall.at,
  );
  if (others > shortfall.others) for (const [account] of rest) fleet.shortfalls.delete(account);
  if (others > shortfall.others || rest.length > 0) return;
  const { model, free } = shortfall;
  if (fleet.outgrown.has(model)) return outgrow(fleet, model, Math.min(free + 1, device.capacity - others));
  fleet.outgrown.set(model, 0);
  if (shortfall.isAfterUnload) server.strikes = [...server.strikes.slice(-1), now.stamp];
}

function outgrow(fleet: Fleet, model: ModelId, bytes: Bytes): void {
  fleet.outgrown.set(model, Math.max(bytes, fleet.outgrown.get(model)!));
  for (const one of fleet.servers.values()) rebook(fleet, one, model);
}

/** Forgets the shortfalls whose time is over. One on a closed device lasts until that opens. */
export function forgetShortfalls({ shortfalls, servers }: Fleet, now: Now): void {
  for (const [account, { until, server }] of shortfalls) {
    const at = servers.get(server)!;
    const device = at.devices?.find((one) => one.account === account);
    if (now.has(until) && withheldOn(at, device) === 0) shortfalls.delete(account);
  }
}
