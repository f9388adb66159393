import type { Fleet } from './fleet-state.js';
import type { AccountId, ModelId } from './ids.js';
import type { Meter } from './meters.js';
import type { Bytes } from './model.js';
import type { Booking, Replica } from './replica.js';
import type { Device, Server } from './server.js';

/** The meter of a device, made where there is none. */
export function meterOf(server: Server, ordinal: number): Meter {
  const known = server.meters.get(ordinal);
  if (known) return known;
  const meter: Meter = {
    moves: 0,
    movesSeen: 0,
    movedAt: -Infinity,
    samples: [],
    trial: null,
    release: null,
    foreign: null,
    foreignWithin: null,
    gone: [],
    late: 0,
    residue: 0,
  };
  server.meters.set(ordinal, meter);
  return meter;
}

/** A server's process is another one. Nothing of ours is left; foreign memory is taken to be the same until it is seen. */
export function resetMeters(server: Server): void {
  server.measured.clear();
  for (const meter of server.meters.values()) {
    const nothing = { samples: [], trial: null, release: null, gone: [], late: 0, residue: 0 };
    Object.assign(meter, nothing satisfies Partial<Meter>);
    meter.moves += 1;
  }
}

/** Bytes in use at rest, the smaller of two samples; null where something has moved since. */
export const atRest = ({ moves, movesSeen, samples }: Meter): Bytes | null =>
  moves === movesSeen && samples.length === 2 ? Math.min(...samples) : null;

/** Bytes of a device's capacity that are foreign or residue. */
export const takenByOthers = (server: Server, ordinal: number): Bytes => {
  const meter = server.meters.get(ordinal);
  return meter ? (meter.foreign ?? 0) + meter.residue : 0;
};

/**
 * Bytes that may be in use on a device beside what is booked and what is surely foreign: by others, or by replicas that
 * have just ended. After a load that ran out of memory that may be all of it. Null where all is known, or where nothing
 * measures the device.
 */
export const perhapsTaken = (
  { shortfalls }: Readonly<Fleet>,
  { meters }: Server,
  { ordinal, kind, account, capacity, used }: Device,
): Bytes | null => {
  if (kind !== 'gpu') return null;
  if (used !== null && shortfalls.has(account)) return capacity;
  const meter = meters.get(ordinal);
  if (!meter?.foreignWithin) return null;
  const { foreign, foreignWithin, late } = meter;
  const doubt = Math.max(0, foreignWithin.most - (foreign ?? 0)) + late;
  return doubt > 0 || foreign === null ? doubt : null;
};

/** Whether looks will soon tell what others hold of some device of a server. */
export const isBeingMeasured = (fleet: Readonly<Fleet>, server: Server): boolean =>
  (server.devices ?? []).some((device) => perhapsTaken(fleet, server, device) !== null);

/** Bytes of a list of bookings, on all accounts together. */
export const bytesIn = (bookings: readonly Booking[]): Bytes =>
  bookings.reduce((sum, { bytes }) => sum + bytes, 0);

/** Bytes of a list of bookings on one account. */
export const bytesOn = (account: AccountId, bookings: readonly Booking[]): Bytes =>
  bookings.reduce((sum, one) => (one.account === account ? sum + one.bytes : sum), 0);

/** What a replica that has begun to load holds on an account, with what a change under way adds. */
export const heldOn = (account: AccountId, replica: Replica): Bytes =>
  bytesOn(account, replica.bookings) +
  (replica.phase === 'ready' && replica.change?.order ? bytesOn(account, replica.change.bookings) : 0);

/** What hidden copies hold on an account. */
export const hiddenOn = (account: AccountId, { hidden }: Server): Bytes =>
  hidden.reduce((sum, { bookings }) => sum + bytesOn(account, bookings), 0);

/** Bytes that a copy was measured to hold on a device; null where it was not measured. */
export const measuredOn = (server: Server, model: ModelId, ordinal: number): Bytes | null =>
  server.measured.get(model)?.get(ordinal) ?? null;

/** What a replica does with its memory. */
type MemoryMotion = 'none' | 'taking' | 'holding' | 'giving' | 'unknown';

function motionOf(replica: Replica | undefined): MemoryMotion {
  switch (replica?.phase) {
    case undefined:
    case 'placed':
      return 'none';
    case 'loading':
      return 'taking';
    case 'ready':
      return replica.change?.order ? 'taking' : 'holding';
    case 'draining':
      return 'holding';
    case 'unloading':
      return 'giving';
    case 'unknown':
      return 'unknown';
  }
}

/** Tells the meters of a server what a replica does with its memory from now on. */
export function noteMotion(
  server: Server | undefined,
  before: Replica | undefined,
  after: Replica | undefined,
): void {
  const was = motionOf(before);
  const is = motionOf(after);
  const replica = after ?? before;
  if (!server || !replica || was === is) return;
  for (const device of server.devices ?? []) {
    const isTouched = [before, after].some((one) => touches(one, device.ordinal));
    if (device.kind === 'gpu' && isTouched) moveOn(server, device, replica, was, is);
  }
  if (is === 'none') server.measured.delete(replica.model);
}

function moveOn(
  server: Server,
  { ordinal, used, account }: Device,
  replica: Replica,
  was: MemoryMotion,
  is: MemoryMotion,
): void {
  const { model } = replica;
  const meter = meterOf(server, ordinal);
  const held = measuredOn(server, model, ordinal);
  if (was === 'none' && is === 'taking') beginTrial(meter, model, used);
  if (is === 'giving') beginRelease(meter, model, used, held);
  else if (is !== 'unknown') endRelease(meter, model);
  meter.moves += 1;
  if (is !== 'none') return;
  meter.gone = [...meter.gone, { bytes: heldOn(account, replica), since: null, isMeasured: held !== null }];
}

/** Forgets what was measured of a copy on devices that it has left: another client may have loaded another copy. */
export function forgetLeft(server: Server | undefined, { model, devices }: Replica): void {
  const copies = server?.measured.get(model);
  if (!copies) return;
  const there = [...copies].filter(([ordinal]) => devices.includes(ordinal));
  if (there.length < copies.size) server!.measured.set(model, new Map(there));
}

/** Whether a replica has memory on a device, or is taking some there. */
export const touches = (replica: Replica | undefined, ordinal: number): boolean =>
  replica !== undefined &&
  (replica.devices.includes(ordinal) ||
    (replica.phase === 'ready' && (replica.change?.devices.includes(ordinal) ?? false)));

/** The trial ends two moves later: the begin of the load is one, its end another. */
function beginTrial(meter: Meter, model: ModelId, used: Bytes | null): void {
  const before = atRest(meter) ?? (isExplained(meter) ? used : null);
  meter.trial = before === null ? null : { model, before, endsAt: meter.moves + 2 };
}

/** Whether the last look told exactly what others hold, and nothing has moved since. */
const isExplained = ({ moves, movesSeen, gone, foreign, foreignWithin }: Meter): boolean =>
  moves === movesSeen &&
  gone.length === 0 &&
  foreignWithin?.least === foreign &&
  foreignWithin?.most === foreign;

/** Replicas that leave a device at once have one release, since it cannot be told whose memory comes back first. */
function beginRelease(meter: Meter, model: ModelId, used: Bytes | null, bytes: Bytes | null): void {
  if (bytes === null) return;
  const resting = atRest(meter);
  const others = resting === null ? meter.release : null;
  const before = resting ?? others?.before ?? used;
  const endsAt = resting === null ? null : meter.moves + 1;
  if (before !== null) meter.release = { before, endsAt, owed: new Map(others?.owed).set(model, bytes) };
}

/** Ends the wait for the memory of a replica that has left, or that stays after all. */
export function endRelease(meter: Meter, model: ModelId): void {
  const bytes = meter.release?.owed.get(model);
  if (!meter.release || bytes === undefined) return;
  const owed = new Map(meter.release.owed);
  owed.delete(model);
  meter.release = owed.size > 0 ? { ...meter.release, before: meter.release.before - bytes, owed } : null;
}
