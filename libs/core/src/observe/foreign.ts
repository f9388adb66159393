import { type Fleet, replicasOn } from '../fleet/fleet.js';
import type { Look } from '../looks/look.js';
import { bytesOn, heldOn, hiddenOn, measuredOn, meterOf } from '../fleet/meter.js';
import type { Meter } from '../fleet/meters.js';
import type { Bytes, Instant, Millis } from '../fleet/model.js';
import type { Replica } from '../fleet/replica.js';
import type { Device, Server } from '../fleet/server.js';
import { isStuck, SETTLING } from '../fleet/standing.js';

/** How often Triton reads its GPUs: the default of `--metrics-interval-ms`, which no call tells. */
export const METRICS_INTERVAL: Millis = 2_000;
/** A look shows what happened so long before it began: an interval, and half of one for the offset of Triton's reading. */
const SHOWN_AFTER: Millis = 1.5 * METRICS_INTERVAL;

/** What a replica is known to hold on a device: as measured, else as booked. */
export function explainedBy(server: Server, replica: Replica, { ordinal, account }: Device): Bytes {
  if (replica.phase === 'placed') return 0;
  const measured = replica.devices.includes(ordinal) ? measuredOn(server, replica.model, ordinal) : null;
  if (measured === null) return heldOn(account, replica);
  return measured + heldOn(account, replica) - bytesOn(account, replica.bookings);
}

/** A look, and when it was reported. */
interface Told {
  readonly look: Look;
  readonly now: Instant;
}

/**
 * Reads off a sample how much is foreign while something moves on a device: at least what is in use beyond all that
 * replicas may hold, at most what is in use beyond what they surely hold. What was known stays where it is within these
 * bounds. Foreign memory counts as more only when two samples in a row say so, since one may show what has just gone.
 * Until then nothing is loaded into what may be foreign.
 */
export function boundForeign(fleet: Fleet, server: Server, device: Device, told: Told): void {
  const meter = meterOf(server, device.ordinal);
  const shortfall = fleet.shortfalls.get(device.account);
  if (shortfall && told.look.begunAt < shortfall.at + SHOWN_AFTER) return;
  const mayHaveHidden = meter.gone.some(({ since, isMeasured }) => since === null && !isMeasured);
  meter.gone = stillSeen(meter, told.look);
  const { least, most, atAll } = boundsOf(fleet, server, device, told);
  const before = meter.foreignWithin;
  // After a load that ran out the earlier bounds were wrong. What a copy booked without using it may have been foreign.
  const isDoubted = fleet.shortfalls.delete(device.account) || mayHaveHidden;
  const mostBefore = !before || isDoubted || least > before.most ? Infinity : before.most;
  const within = { least: Math.min(least, most), most: Math.min(mostBefore, most) };
  meter.foreignWithin = within;
  meter.late = Math.min(most - within.most, bytesGone(meter.gone));
  if (meter.foreign !== null || !isEarly(fleet, told.now))
    countForeign(meter, Math.min(within.least, leastWithin(before)), atAll);
}

const leastWithin = (within: Meter['foreignWithin']): Bytes => within?.least ?? Infinity;

/** Berth has just begun: the first rest, which tells exactly, may be near. */
const isEarly = ({ startedAt }: Fleet, now: Instant): boolean =>
  startedAt === null || now < startedAt + SETTLING;

/** Foreign is what others surely hold, and what they were known to hold as far as it may still be there. */
function countForeign(meter: Meter, surely: Bytes, atAll: Bytes): void {
  const { least, most } = meter.foreignWithin!;
  const foreign = Math.min(atAll, Math.max(meter.foreign ?? 0, surely));
  meter.foreign = foreign;
  meter.foreignWithin = { least, most: Math.max(most, foreign) };
}

/** What a look may still show of what has ended. */
const stillSeen = ({ gone }: Meter, { begunAt, endedAt }: Look): Meter['gone'] =>
  gone
    .map((one) => ({ ...one, since: one.since ?? endedAt }))
    .filter(({ since }) => begunAt < since + SHOWN_AFTER);

const bytesGone = (gone: Meter['gone']): Bytes => gone.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The least and the most that others may hold by what is in use now. `atAll` is the most that they may hold where copies
 * hold only what was measured of them, since a copy may hold less than it books.
 */
function boundsOf(
  fleet: Fleet,
  server: Server,
  device: Device,
  { look, now }: Told,
): { readonly least: Bytes; readonly most: Bytes; readonly atAll: Bytes } {
  const { account, ordinal } = device;
  const { gone, residue } = meterOf(server, ordinal);
  const used = device.used! - residue;
  const there = replicasOn(fleet, server.spec.id).filter(({ phase }) => phase !== 'placed');
  const surely = there.filter((one) => isSurelyThere(fleet, one, look.begunAt, now));
  const ours = surely.reduce((sum, one) => sum + explainedBy(server, one, device), 0);
  const atMost = there.reduce(
    (sum, one) => sum + Math.max(heldOn(account, one), explainedBy(server, one, device)),
    hiddenOn(account, server) + bytesGone(gone),
  );
  const measured = surely.reduce((sum, one) => sum + (measuredOn(server, one.model, ordinal) ?? 0), 0);
  return {
    least: Math.max(0, used - atMost),
    most: Math.max(0, used - ours),
    atAll: Math.max(0, used - measured),
  };
}

/** Whether a sample shows what a replica holds: it may not where the replica came up, or began to leave, only just. */
function isSurelyThere(fleet: Fleet, replica: Replica, begunAt: Instant, now: Instant): boolean {
  switch (replica.phase) {
    case 'ready':
      return replica.change === null && hasLasted(replica, begunAt);
    case 'draining':
    case 'unloading':
      return hasLasted(replica, begunAt);
    default:
      return isStuck(fleet, replica, now);
  }
}

const hasLasted = ({ since }: Replica, begunAt: Instant): boolean => begunAt >= since + 2 * METRICS_INTERVAL;

/** Where the metrics do not answer samples and bounds are dropped. Before the first rest the least counts as foreign. */
export function forgetSamples(meter: Meter | undefined): void {
  if (!meter) return;
  Object.assign(meter, { samples: [], gone: [], late: 0 } satisfies Partial<Meter>);
  if (!meter.foreignWithin) return;
  meter.foreign ??= meter.foreignWithin.least;
  meter.foreignWithin = { least: meter.foreign, most: meter.foreign };
}
