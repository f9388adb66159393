import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Look, ServingRow } from '../looks/look.js';
import {
  bytesOn,
  givesBackLate,
  heldOn,
  hiddenOn,
  isMeasured,
  measuredOn,
  meterOf,
  takenByOthers,
  takesOf,
  windowOf,
} from '../fleet/meter.js';
import type { Meter } from '../fleet/meters.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import { type Booking, isSeenAbsent, type Replica, type Unloading } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { hasOpenOrder, isStuck } from '../fleet/standing.js';
import { learnFrom, learnMeasured, type Reading } from './pairs.js';
import { judgeShortfall } from './ran-out.js';

/** A closed device opens after so long without an order of ours: another process takes memory there all the time. */
const CLOSED_AT_MOST: Millis = 60_000;
/** A hidden copy is gone once less than this part of it can be in use. */
const HIDDEN_SHARE = 0.1;

/** Tells from a look what of the memory in use on the GPUs of a server replicas hold, and what others do. */
export function measure(fleet: Fleet, server: Server, look: Look, now: Now): void {
  takeReported(fleet, server, look.serving);
  for (const device of server.devices ?? []) {
    if (device.kind !== 'gpu') continue;
    const taken = takenByOthers(server, device.ordinal);
    if (device.used === null) fallSilent(server, device, look.begunAt);
    else take(readingOf(fleet, server, device, look.begunAt, now));
    if (takenByOthers(server, device.ordinal) > taken) server.lateMemoryAt = now.stamp;
  }
}

const readingOf = (fleet: Fleet, server: Server, device: Device, begunAt: Instant, now: Now): Reading => ({
  ...{ fleet, server, device, meter: meterOf(server, device.ordinal), used: device.used!, begunAt, now },
  shows: (at) => begunAt >= at + windowOf(server),
});

/** Takes up what backends say of their memory: a copy holds that of all its versions. */
function takeReported(fleet: Fleet, server: Server, rows: readonly ServingRow[]): void {
  const reported = new Map<ModelId, Map<number, Bytes>>();
  for (const { model, memory } of rows) {
    if (memory.length === 0 || !fleet.replicas.has(replicaId(model, server.spec.id))) continue;
    const copies = reported.get(model) ?? new Map<number, Bytes>();
    for (const { ordinal, bytes } of memory) copies.set(ordinal, (copies.get(ordinal) ?? 0) + bytes);
    reported.set(model, copies);
  }
  for (const [model, copies] of reported) {
    for (const [ordinal, bytes] of copies)
      learnMeasured(fleet, server, { model, ordinal, bytes, isTold: true });
  }
}

/** A look that tells nothing changes nothing, until there have been such looks for so long. */
function fallSilent(server: Server, device: Device, begunAt: Instant): void {
  const meter = server.meters.get(device.ordinal);
  if (!meter || isMeasured(server, device, begunAt)) return;
  Object.assign(meter, { closed: null, clean: null, changes: null, gone: [] } satisfies Partial<Meter>);
}

function take(reading: Reading): void {
  const { meter, begunAt, server, shows } = reading;
  if (meter.toldAt === -Infinity) begin(reading);
  meter.toldAt = begunAt;
  const workedSince = worksSince(reading);
  const isOpen = workedSince < Infinity;
  if (!isOpen && shows(meter.movedAt)) settle(reading);
  else countOthers(reading);
  meter.residue = Math.min(meter.residue, meter.others);
  meter.gone = meter.gone.filter(({ at }) => Math.min(begunAt, workedSince) < at + windowOf(server));
  stayClosed(reading, isOpen);
}

/** The first reading of this process of Berth. What it shows beyond the books may be of copies or of other processes. */
function begin(reading: Reading): void {
  const { meter, now } = reading;
  meter.movedAt = now.stamp;
  if (unexplained(reading) > 0)
    meter.closed = { since: now.stamp, because: 'not_known_yet', most: Infinity, quietSince: now.stamp };
}

/** Since when the oldest order is under way there that is not stuck, and whose model was not seen absent; Infinity where none is. */
const worksSince = ({ fleet, server, device, now }: Reading): Instant =>
  replicasOn(fleet, server.spec.id)
    .filter((one) => takesOf(one, device) && !isSeenAbsent(one) && hasOpenOrder(fleet, one, now))
    .reduce((since, one) => Math.min(since, one.since), Infinity);

/** A clean sample tells whose all that is in use is, and so the device opens. */
function settle(reading: Reading): void {
  const { meter, begunAt, used } = reading;
  learnFrom(reading);
  dropHidden(reading, unexplained(reading));
  meter.others = othersAtRest(reading);
  judgeShortfall(reading);
  // A copy whose model was seen absent may have left before this sample, and is yet to end: no pair with it teaches anything.
  const changes = absentAt(reading).length > 0 ? null : [];
  Object.assign(meter, { closed: null, clean: { at: begunAt, used }, changes } satisfies Partial<Meter>);
}

const absentAt = ({ fleet, server, device }: Reading): readonly Replica[] =>
  replicasOn(fleet, server.spec.id).filter((one) => isSeenAbsent(one) && takesOf(one, device));

/** What no replica explains. A copy whose model was seen absent may hold nothing: it takes nothing off what was counted. */
function othersAtRest(reading: Reading): Bytes {
  const { server, device, meter } = reading;
  const rest = unexplained(reading);
  const most = absentAt(reading).reduce((sum, one) => sum + explainedBy(server, one, device), rest);
  return Math.max(0, rest, Math.min(meter.others, most));
}

/** No device stays closed for ever. Orders of ours tell nothing of one that the books do not explain. */
function stayClosed({ meter, now }: Reading, isOpen: boolean): void {
  const { closed } = meter;
  if (isOpen && closed?.because === 'ran_out') meter.closed = { ...closed, quietSince: now.stamp };
  else if (closed && now.has(closed.quietSince + CLOSED_AT_MOST)) meter.closed = null;
}

/** Ends hidden copies for which too little is in use beside what was counted as others'. */
function dropHidden({ server, device: { account }, meter, now }: Reading, rest: Bytes): void {
  if (server.hidden.length === 0 || meter.closed?.because === 'not_known_yet') return;
  const left = rest + hiddenOn(account, server) - meter.others;
  server.hidden = server.hidden.map((hidden) => {
    const bytes = bytesOn(account, hidden.bookings);
    if (bytes === 0 || hidden.comesTo || left >= HIDDEN_SHARE * bytes) return hidden;
    const bookings = hidden.bookings.filter((one) => one.account !== account);
    return { ...hidden, bookings, until: bookings.some(isOnGpu) ? hidden.until : now.stamp };
  });
  server.hidden = server.hidden.filter(({ until }) => !now.has(until));
}

const isOnGpu = ({ account }: Booking): boolean => account.startsWith('gpu:');

/** What a replica is known to hold on a device: as measured, else as booked. */
function explainedBy(server: Server, replica: Replica, { ordinal, account }: Device): Bytes {
  if (replica.phase === 'placed') return 0;
  const measured = replica.devices.includes(ordinal) ? measuredOn(server, replica.model, ordinal) : null;
  return measured ?? heldOn(account, replica);
}

/** What is in use beyond all that replicas are known to hold there, hidden copies among them: below 0 where less is in use. */
const unexplained = ({ fleet, server, device, used }: Reading): Bytes =>
  replicasOn(fleet, server.spec.id).reduce(
    (rest, one) => rest - explainedBy(server, one, device),
    used - hiddenOn(device.account, server),
  );

/**
 * Sets what is counted as others' by a reading, at once: at least what is in use beyond all that replicas may hold, at
 * most what is in use beyond what they surely hold, and within that as near as may be to what was counted.
 */
function countOthers(reading: Reading): void {
  const { meter } = reading;
  const [least, most] = [beyondAll(reading), beyondSure(reading)];
  meter.others = Math.max(least, Math.min(meter.others, most));
  if (meter.closed?.because === 'not_known_yet') meter.closed = { ...meter.closed, most };
}

/** What is in use beyond all that replicas may hold: what is booked or measured of them, the larger, and what a reading may still show of others. */
function beyondAll({ fleet, server, device, meter, used, shows }: Reading): Bytes {
  let rest = used - hiddenOn(device.account, server);
  for (const one of replicasOn(fleet, server.spec.id))
    if (one.phase !== 'placed')
      rest -= Math.max(heldOn(device.account, one), explainedBy(server, one, device));
  for (const { bytes, at } of meter.gone) if (!shows(at)) rest -= bytes;
  return Math.max(0, rest);
}

/** What is in use beyond what replicas surely hold. */
function beyondSure(reading: Reading): Bytes {
  const { fleet, server, device, used } = reading;
  let rest = used;
  for (const one of replicasOn(fleet, server.spec.id))
    if (isSurelyThere(reading, one)) rest -= explainedBy(server, one, device);
  return Math.max(0, rest);
}

/** Whether a reading shows what a replica holds: it may not where the copy came up only just, and does not where it leaves. */
function isSurelyThere({ fleet, now, shows }: Reading, replica: Replica): boolean {
  if (replica.phase === 'unloading') return false;
  if (replica.phase === 'draining') return shows(replica.since);
  if (replica.phase === 'ready') return shows(replica.since);
  return isStuck(fleet, replica, now);
}

/**
 * Whether the memory of a replica that a look shows absent is back. Of a process that gives it back late what is in use
 * has to fit the books without it, or a window has to pass.
 */
export function isBack(
  fleet: Fleet,
  server: Server,
  replica: Unloading & { readonly absentSince: Instant },
  { begunAt, now }: { readonly begunAt: Instant; readonly now: Now },
): boolean {
  if (!givesBackLate(server, now) || begunAt >= replica.absentSince + windowOf(server)) return true;
  return (server.devices ?? [])
    .filter((one) => one.used !== null && takesOf(replica, one))
    .map((one) => readingOf(fleet, server, one, begunAt, now))
    .every((reading) => beyondSure(reading) <= reading.meter.others);
}
