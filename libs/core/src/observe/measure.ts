import { type Fleet, replicasOn } from '../fleet/fleet.js';
import { type ModelId, replicaId } from '../fleet/ids.js';
import type { Look, ServingRow } from '../looks/look.js';
import { atRest, bytesOn, endRelease, hiddenOn, measuredOn, meterOf, touches } from '../fleet/meter.js';
import type { Meter, Trial } from '../fleet/meters.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Booking, Replica, Unloading } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { hasOpenOrder } from '../fleet/standing.js';
import { rebook } from './declared.js';
import { boundForeign, explainedBy, METRICS_INTERVAL, forgetSamples } from './foreign.js';

/** Measured memory is back once use fell by this part of it, or so long after the copy was seen gone. */
const COMES_BACK = 0.9;
const COMES_BACK_WITHIN: Millis = 5_000;

/** Tells from a look what of the memory in use on the GPUs of a server replicas hold, and what is residue or foreign. */
export function measure(fleet: Fleet, server: Server, look: Look, now: Instant): void {
  takeReported(fleet, server, look.serving);
  for (const device of server.devices ?? []) {
    if (device.kind !== 'gpu') continue;
    if (device.used === null) forgetSamples(server.meters.get(device.ordinal));
    else if (isResting(fleet, server, device, look, now)) settleMeter(fleet, server, device, now);
    else boundForeign(fleet, server, device, { look, now });
  }
}

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
    for (const [ordinal, bytes] of copies) learnMeasured(fleet, server, model, ordinal, bytes);
  }
}

/** Takes a sample. Returns whether there are two without a move, which began two of Triton's intervals after the last. */
function isResting(
  fleet: Fleet,
  server: Server,
  { ordinal, used }: Device,
  look: Look,
  now: Instant,
): boolean {
  const meter = meterOf(server, ordinal);
  const isMoved = meter.moves !== meter.movesSeen;
  if (isMoved || isMoving(fleet, server, ordinal, now)) {
    meter.movesSeen = meter.moves;
    meter.movedAt = look.endedAt;
    meter.samples = [];
  }
  if (look.begunAt < meter.movedAt + 2 * METRICS_INTERVAL) return false;
  meter.samples = [...meter.samples.slice(-1), used!];
  return meter.samples.length === 2;
}

/** Whether an order is under way there, unless it is stuck or its model was seen absent. */
const isMoving = (fleet: Fleet, server: Server, ordinal: number, now: Instant): boolean =>
  replicasOn(fleet, server.spec.id).some(
    (one) => touches(one, ordinal) && !isSeenAbsent(one) && hasOpenOrder(fleet, one, now),
  );

const isSeenAbsent = (replica: Replica): boolean =>
  replica.phase === 'unknown' && replica.absentSince !== null;

/** At rest: what replicas do not explain of what is in use is residue, as far as any is known, and else foreign. */
function settleMeter(fleet: Fleet, server: Server, device: Device, now: Instant): void {
  const meter = meterOf(server, device.ordinal);
  const used = atRest(meter)!;
  if (meter.trial) endTrial(fleet, server, device, meter.trial, used);
  const explained = replicasOn(fleet, server.spec.id).reduce(
    (sum, replica) => sum + explainedBy(server, replica, device),
    0,
  );
  dropHidden(server, device, meter, used - explained, now);
  const hidden = hiddenOn(device.account, server);
  const unexplained = Math.max(0, used - explained - hidden);
  meter.residue = Math.min(meter.residue, unexplained);
  meter.foreign = unexplained - meter.residue;
  // Of two samples the smaller counts; but nothing is loaded into what the latest shows beyond that.
  const most = meter.foreign + Math.max(0, device.used! - Math.max(used, explained + hidden + meter.residue));
  const foreignWithin = { least: meter.foreign, most };
  Object.assign(meter, { foreignWithin, gone: [], late: 0 } satisfies Partial<Meter>);
  fleet.shortfalls.delete(device.account);
}

/** A load at rest has ended: what more is in use is its footprint, unless the backend itself tells that. */
function endTrial(fleet: Fleet, server: Server, { ordinal }: Device, trial: Trial, used: Bytes): void {
  const { model, before, endsAt } = trial;
  const meter = meterOf(server, ordinal);
  meter.trial = null;
  const replica = fleet.replicas.get(replicaId(model, server.spec.id));
  if (endsAt !== meter.moves || replica?.phase !== 'ready' || !replica.devices.includes(ordinal)) return;
  const { gpuDeclared, gpuBytes } = fleet.models.get(model) ?? fleet.defaults;
  // A model that needs no GPU explains nothing.
  if (gpuDeclared && gpuBytes === 0) return;
  const isTold = measuredOn(server, model, ordinal) !== null;
  if (!isTold) learnMeasured(fleet, server, model, ordinal, Math.max(0, used - before));
}

/** Ends hidden copies for which too little is in use beside what was known to be foreign. */
function dropHidden(server: Server, { account }: Device, meter: Meter, rest: Bytes, now: Instant): void {
  if (meter.foreign === null || server.hidden.length === 0) return;
  const left = rest - meter.foreign - meter.residue;
  server.hidden = server.hidden.map((hidden) => {
    const bytes = bytesOn(account, hidden.bookings);
    if (bytes === 0 || left >= (1 - COMES_BACK) * bytes) return hidden;
    const bookings = hidden.bookings.filter((one) => one.account !== account);
    return { ...hidden, bookings, until: bookings.some(isOnGpu) ? hidden.until : now };
  });
  server.hidden = server.hidden.filter(({ until }) => until > now);
}

const isOnGpu = ({ account }: Booking): boolean => account.startsWith('gpu:');

/**
 * Notes what was measured of a copy, and learns the footprint of its model from that; each copy counts once on each
 * device. 0 bytes teach nothing: the copy may take its memory later, or another process may have gone meanwhile.
 */
function learnMeasured(fleet: Fleet, server: Server, model: ModelId, ordinal: number, bytes: Bytes): void {
  const copies = new Map(server.measured.get(model));
  const isNew = !copies.get(ordinal);
  if (copies.get(ordinal) === bytes) return;
  server.measured.set(model, copies.set(ordinal, bytes));
  if (bytes === 0) return;
  const known = fleet.footprints.get(model) ?? { peak: 0, times: 0 };
  const peak = Math.max(known.peak, bytes);
  if (peak === known.peak && !isNew) return;
  fleet.footprints.set(model, { peak, times: known.times + (isNew ? 1 : 0) });
  for (const one of fleet.servers.values()) rebook(fleet, one, model);
}

/**
 * Whether the memory of a copy that was seen gone is back, as far as it was measured. What does not come back in time is
 * residue where nothing else has moved on the device; else the next rest tells.
 */
export function isGivenBack(server: Server, { model, devices }: Unloading, goneFor: Millis): boolean {
  const releases = (server.devices ?? []).flatMap((device) => {
    const meter = server.meters.get(device.ordinal);
    const bytes = devices.includes(device.ordinal) ? meter?.release?.owed.get(model) : undefined;
    return meter && bytes !== undefined ? [{ meter, bytes, missing: bytesMissing(device, meter) }] : [];
  });
  const isSeen = releases.every(
    ({ missing, bytes }) => missing !== null && missing <= (1 - COMES_BACK) * bytes,
  );
  if (!isSeen && goneFor < COMES_BACK_WITHIN) return false;
  for (const { meter, missing } of releases) {
    if (meter.release!.endsAt === meter.moves) meter.residue += missing ?? 0;
    endRelease(meter, model);
  }
  return true;
}

/** Bytes that have not come back yet of all that leaves a device; null where nothing measures it. */
function bytesMissing({ used }: Device, { release }: Meter): Bytes | null {
  if (used === null) return null;
  const owed = [...release!.owed.values()].reduce((sum, bytes) => sum + bytes, 0);
  return Math.max(0, Math.min(owed, owed - (release!.before - used)));
}
