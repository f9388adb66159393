import type { Now } from '../numbers/now.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId } from '../fleet/ids.js';
import { areMetricsLate, measuredOn } from '../fleet/meter.js';
import type { MemoryChange, Meter } from '../fleet/meters.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Device, Server } from '../fleet/server.js';
import { rebook } from './declared.js';

/** Two clean samples that are further apart teach nothing: others may have come and gone. */
const PAIRED_WITHIN: Millis = 60_000;
/** Readings that come late count together for so long. */
const LATE_WITHIN: Millis = 600_000;
/** How far a reading may be off the copy that it shows. */
const TOLERANCE = 0.1;

/** What the metrics showed of a GPU in a look. */
export interface Reading {
  readonly fleet: Fleet;
  readonly server: Server;
  readonly device: Device;
  readonly meter: Meter;
  /** Bytes in use. */
  readonly used: Bytes;
  readonly begunAt: Instant;
  readonly now: Now;
  /** Whether it shows what moved at a moment: it began a window after that. */
  readonly shows: (at: Instant) => boolean;
}

/** Learns from a clean sample and the one before: what one copy takes that came or left between them, or what one left behind. */
export function learnFrom(reading: Reading): void {
  const { server, meter, used, begunAt, now } = reading;
  const { clean, changes } = meter;
  if (!clean || !changes || begunAt > clean.at + PAIRED_WITHIN) return;
  const grown = used - clean.used;
  if (changes.length === 0) return noteLateReading(server, meter, grown, now);
  learnUnknown(reading, changes, grown);
  const [only] = changes;
  // Only what was measured of this very copy tells what has to come back.
  if (changes.length === 1 && only?.kind === 'left' && only.measured !== null)
    meter.residue += Math.max(0, grown + only.measured);
}

/** What is in use has grown by so much: what the other copies do not explain is the one of which nothing was known. */
function learnUnknown(reading: Reading, changes: readonly MemoryChange[], grown: Bytes): void {
  const { fleet, server, device, meter } = reading;
  const copies = changes.map((one) => copyOf(reading, one));
  const unknown = unknownOf(copies);
  if (!unknown) return;
  const others = copies.reduce((sum, one) => (one === unknown ? sum : sum + signed(one, one.bytes!)), 0);
  // More than the device has left for us cannot be a copy of ours: others have come meanwhile.
  const bytes = Math.max(0, Math.min(device.capacity - meter.others, signed(unknown, grown - others)));
  const { model, kind } = unknown;
  if (kind === 'left') learnFootprint(fleet, { model, bytes, isNew: true, isTold: false });
  else learnMeasured(fleet, server, { model, ordinal: device.ordinal, bytes, isTold: false });
}

/** A change, and what its copy is known to take: null where nothing tells. */
interface ChangedCopy extends Pick<MemoryChange, 'model' | 'kind'> {
  readonly isMeasured: boolean;
  readonly bytes: Bytes | null;
}

function copyOf({ fleet, server, device }: Reading, { model, kind, measured }: MemoryChange): ChangedCopy {
  const own = kind === 'came' ? measuredOn(server, model, device.ordinal) : measured;
  return { model, kind, isMeasured: own !== null, bytes: own ?? fleet.footprints.get(model)?.peak ?? null };
}

/** The one copy of which nothing is known; else the one that was not measured itself. */
function unknownOf(copies: readonly ChangedCopy[]): ChangedCopy | undefined {
  const unmeasured = copies.filter(({ isMeasured }) => !isMeasured);
  const unknown = unmeasured.filter(({ bytes }) => bytes === null);
  const [one, other] = unknown.length > 0 ? unknown : unmeasured;
  return other ? undefined : one;
}

const signed = ({ kind }: ChangedCopy, bytes: Bytes): Bytes => (kind === 'came' ? bytes : -bytes);

/** What has changed without a move may be the last move: then Triton reads its GPUs more rarely than was declared. */
function noteLateReading(server: Server, meter: Meter, grown: Bytes, now: Now): void {
  const { lastChange } = meter;
  if (!lastChange || areMetricsLate(server)) return;
  const { kind, measured, booked } = lastChange;
  const bytes = (kind === 'came' ? 1 : -1) * (measured ?? booked);
  if (Math.abs(grown - bytes) > TOLERANCE * Math.abs(bytes)) return;
  meter.lastChange = null;
  server.lateReadings = [...server.lateReadings.filter((at) => !now.has(at + LATE_WITHIN)), now.stamp];
}

/** What was measured of a model. */
interface Measured {
  readonly model: ModelId;
  readonly bytes: Bytes;
  /** Whether its backend has told it: then no other process can be part of it. */
  readonly isTold: boolean;
}

/** Notes what was measured of a copy on a device, and learns the footprint of its model from that; each copy counts once. */
export function learnMeasured(
  fleet: Fleet,
  server: Server,
  { ordinal, ...measured }: Measured & { readonly ordinal: number },
): void {
  const { model, bytes } = measured;
  const copies = new Map(server.measured.get(model));
  if (copies.get(ordinal) === bytes) return;
  const isNew = [...copies.values()].every((one) => one === 0);
  server.measured.set(model, copies.set(ordinal, bytes));
  learnFootprint(fleet, { ...measured, isNew });
}

/**
 * A model was measured. 0 bytes teach nothing: the copy may take its memory later, or another process may have gone
 * meanwhile. Two measurements of copies count by the larger, but for the second, which corrects the first one.
 */
function learnFootprint(
  fleet: Fleet,
  { model, bytes, isNew, isTold }: Measured & { readonly isNew: boolean },
): void {
  if (bytes === 0) return;
  fleet.outgrown.delete(model);
  const { peak, times, latest } = fleet.footprints.get(model) ?? { peak: 0, times: 0, latest: [0, 0] };
  const [before, last] = isNew ? [latest[1], bytes] : [latest[0], Math.max(latest[1], bytes)];
  fleet.footprints.set(model, {
    peak: isNew && times === 1 ? bytes : Math.max(peak, bytes),
    times: times + (isNew ? 1 : 0),
    latest: [isTold ? last : before, last],
  });
  for (const one of fleet.servers.values()) rebook(fleet, one, model);
}
