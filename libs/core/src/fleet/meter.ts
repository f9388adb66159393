import type { Now } from '../numbers/now.js';
import type { Fleet } from './fleet-state.js';
import type { AccountId, ModelId } from './ids.js';
import type { Closed, MemoryChange, Meter } from './meters.js';
import type { Bytes, Instant, Millis } from './model.js';
import type { Booking, Replica } from './replica.js';
import { madeOnce } from '../numbers/groups.js';
import type { Device, Server } from './server.js';

/** How often Triton reads its GPUs: the default of `--metrics-interval-ms`, which no call tells. */
const METRICS_INTERVAL: Millis = 2_000;
/** Late readings in a row that are believed: see `lateReadings`. */
const READINGS_TO_FLAG = 3;

/** The meter of a device, made where there is none. */
export const meterOf = ({ meters }: Server, ordinal: number): Meter =>
  madeOnce(meters, ordinal, () => ({
    ...{ movedAt: -Infinity, toldAt: -Infinity, others: 0, residue: 0 },
    ...NOTHING_SEEN,
  }));

/** What looks have told of one process. */
const NOTHING_SEEN = {
  ...{ gone: [], closed: null, suspects: new Map<ModelId, Bytes>() },
  ...{ clean: null, changes: null, lastChange: null },
} satisfies Partial<Meter>;

/** A server's process is another one. Nothing of ours is left; others are taken to hold what they held until it is seen. */
export function resetMeters(fleet: Fleet, server: Server): void {
  dropShortfalls(fleet, server);
  server.measured.clear();
  server.strikes = [];
  server.lateReadings = [];
  const movedAt = fleet.now;
  for (const meter of server.meters.values())
    Object.assign(meter, { ...NOTHING_SEEN, movedAt, others: meter.others - meter.residue, residue: 0 });
}

/** A device whose metrics have been silent for so long is one that nothing measures. */
const SILENT: Millis = 10_000;
/** Two strikes that lie so close together make a process one that gives memory back late, until so long after the last. */
const STRIKES_WITHIN: Millis = 600_000;

/** Whether the metrics tell what is in use on a device: a look that does not says nothing yet. */
export const isMeasured = ({ meters }: Server, { kind, ordinal, used }: Device, at: Instant): boolean =>
  kind === 'gpu' && (used !== null || at < (meters.get(ordinal)?.toldAt ?? -Infinity) + SILENT);

/** Whether the process of a server gives memory back later than the window: then unloads of it last until that is seen. */
export function givesBackLate({ strikes }: Server, now: Now): boolean {
  const [first, last] = strikes;
  return last !== undefined && last <= first! + STRIKES_WITHIN && !now.has(last + STRIKES_WITHIN);
}

/** How long after a move began or ended every look shows it: an interval of the metrics, and half of one for its offset. */
export function windowOf(server: Server): Millis {
  const { metricsInterval } = server.spec;
  return 1.5 * (areMetricsLate(server) ? Math.max(METRICS_INTERVAL, metricsInterval) : metricsInterval);
}

/** Whether Triton reads its GPUs more rarely than it was told to us. */
export const areMetricsLate = ({ lateReadings }: Server): boolean => lateReadings.length >= READINGS_TO_FLAG;

/** Bytes of a device that others are counted to hold, residue among them: none before that is known. */
export function takenByOthers({ meters }: Server, ordinal: number): Bytes {
  const meter = meters.get(ordinal);
  return !meter || isUnknown(meter) ? 0 : meter.others;
}

/** The same without residue; null before it is known. */
export function foreignOn({ meters }: Server, ordinal: number): Bytes | null {
  const meter = meters.get(ordinal);
  return !meter || isUnknown(meter) ? null : meter.others - meter.residue;
}

const isUnknown = ({ toldAt, closed }: Meter): boolean =>
  toldAt === -Infinity || closed?.because === 'not_known_yet';

/** Why nothing is loaded onto a device; null where it is open. */
export const closedOn = ({ meters }: Server, { kind, ordinal }: Device): Closed | null =>
  (kind === 'gpu' && meters.get(ordinal)?.closed) || null;

/** Bytes of a closed device into which nothing is loaded, beside what others are counted to hold. */
export function withheldOn(server: Server, device: Device | undefined): Bytes {
  const closed = device && closedOn(server, device);
  return closed ? Math.max(0, closed.most - takenByOthers(server, device.ordinal)) : 0;
}

/** Whether a clean sample of a device is wanted: nothing is loaded there before it, or a copy that was not measured came or left. */
export const isSampleWanted = (fleet: Readonly<Fleet>, { closed, changes }: Meter): boolean =>
  closed !== null ||
  (changes ?? []).some(({ model, measured }) => measured === null && !fleet.footprints.has(model));

/** Bytes of a list of bookings, on all accounts together. */
export const bytesIn = (bookings: readonly Booking[]): Bytes =>
  bookings.reduce((sum, { bytes }) => sum + bytes, 0);

/** Bytes of a list of bookings on one account. */
export const bytesOn = (account: AccountId, bookings: readonly Booking[]): Bytes =>
  bookings.reduce((sum, one) => (one.account === account ? sum + one.bytes : sum), 0);

/** What a replica that has begun to load holds on an account. */
export const heldOn = (account: AccountId, { bookings }: Replica): Bytes => bytesOn(account, bookings);

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
      return 'holding';
    case 'draining':
      return 'holding';
    case 'unloading':
      return 'giving';
    case 'unknown':
      return 'unknown';
  }
}

/** Tells the meters of a server what a replica does with its memory from now on. */
export function noteMotion(fleet: Fleet, before: Replica | undefined, after: Replica | undefined): void {
  const is = motionOf(after);
  const replica = (after ?? before)!;
  const server = fleet.servers.get(replica.server);
  if (!server || motionOf(before) === is) return;
  for (const device of server.devices ?? []) {
    if (device.kind === 'gpu' && [before, after].some((one) => takesOf(one, device)))
      noteMove(fleet, server, device, before, after);
  }
  if (is === 'none') server.measured.delete(replica.model);
}

function noteMove(
  fleet: Fleet,
  server: Server,
  device: Device,
  before: Replica | undefined,
  after: Replica | undefined,
): void {
  const { ordinal, account } = device;
  const meter = meterOf(server, ordinal);
  const replica = (after ?? before)!;
  const copy = {
    model: replica.model,
    measured: measuredOn(server, replica.model, ordinal),
    booked: heldOn(account, replica),
  };
  // A load that failed has ended with its answer, not with the look that shows it gone.
  if (!(before?.phase === 'unknown' && before.after === 'load_failed')) meter.movedAt = fleet.now;
  const kind = changeOf(before, after);
  if (kind === 'other') meter.changes = null;
  else if (kind !== 'none') {
    meter.lastChange = { ...copy, kind };
    meter.changes = meter.changes && [...meter.changes, meter.lastChange];
  }
  if (motionOf(after) === 'none' && isMeasured(server, device, fleet.now))
    noteGone(meter, copy, kind === 'left', fleet.now);
}

function noteGone(
  meter: Meter,
  { model, measured, booked }: Omit<MemoryChange, 'kind'>,
  isCopy: boolean,
  now: Instant,
): void {
  meter.gone = [...meter.gone, { bytes: Math.max(booked, measured ?? 0), at: now, isCopy }];
  const suspected = meter.suspects.get(model);
  if (suspected === undefined) return;
  meter.suspects = new Map([...meter.suspects].filter(([one]) => one !== model));
  if ((measured ?? Infinity) > suspected) closeAfterLoad(meter, now);
}

/** Nothing is loaded onto a device until its next clean sample, since a load ran out there. */
export function closeAfterLoad(meter: Meter, now: Instant): void {
  const since = meter.closed?.because === 'ran_out' ? meter.closed.since : now;
  meter.closed = { since, because: 'ran_out', most: Infinity, quietSince: now };
}

/**
 * What a motion changes: `none` where a load only begins, or has failed, or where a copy only begins to leave. `other`: a
 * copy was found, or loads anew over itself.
 */
function changeOf(
  before: Replica | undefined,
  after: Replica | undefined,
): MemoryChange['kind'] | 'other' | 'none' {
  const isLoad =
    before?.phase === 'loading' || (before?.phase === 'unknown' && before.after.startsWith('load'));
  switch (motionOf(after)) {
    case 'holding':
      return isLoad ? 'came' : 'other';
    case 'none':
      return isLoad ? 'none' : 'left';
    case 'giving':
      return 'none';
    case 'taking':
      return motionOf(before) === 'none' ? 'none' : 'other';
    case 'unknown':
      return isLoad ? 'none' : 'other';
  }
}

/**
 * Forgets what was measured of a copy on devices that it is not on, since another client may have loaded another copy, or
 * its config says so; and that it came there.
 */
export function forgetLeft(server: Server | undefined, { model, devices }: Replica): void {
  for (const [ordinal, meter] of server?.meters ?? [])
    if (meter.changes && !devices.includes(ordinal))
      meter.changes = meter.changes.filter((one) => one.model !== model || one.kind === 'left');
  const copies = server?.measured.get(model);
  if (!copies) return;
  const there = [...copies].filter(([ordinal]) => devices.includes(ordinal));
  if (there.length < copies.size) server!.measured.set(model, new Map(there));
}

/** Forgets the loads that ran out on a server: its process has ended, or is of no concern any more. */
export function dropShortfalls({ shortfalls }: Fleet, { spec }: Server): void {
  for (const [account, { server }] of shortfalls) if (server === spec.id) shortfalls.delete(account);
}

/** Whether a replica has memory on a device, or is taking some there, by the books: an ensemble is its steps. */
export const takesOf = (replica: Replica | undefined, { account }: Device): boolean =>
  replica !== undefined && heldOn(account, replica) > 0;
