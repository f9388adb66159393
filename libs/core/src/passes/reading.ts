import type { Fleet, Reading } from '../fleet.js';
import type { Ready } from '../replica.js';
import type { Server } from '../server.js';
import type { Ledger } from '../ledger.js';
import type { Instant } from '../model.js';
import type { Place } from './places.js';
import { placesAmong, type Site } from './sites.js';
import { covers, neededAt, shortfall, type VictimTest } from './victims.js';
import type { Want } from './wants.js';

/** A reading of use this much older than now is read again before anything is drained for memory. */
const FRESH = 500;

/**
 * Whether use is being read for a plan that still works: the statistics are not in, and its victims may go and make
 * room enough. Until then nothing could be drained for a better plan either, so none is looked for.
 */
export function isBeingRead(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  isVictim: VictimTest,
): boolean {
  const reading = fleet.readings.get(want.model.id);
  const place = reading && placesAmong(sites, reading.server).find((one) => isSame(one, reading));
  if (!reading || !place) return false;
  const needed = neededAt(fleet, place, want);
  const victims = reading.victims
    .flatMap((id) => (needed.has(id) ? [] : (fleet.replicas.get(id) ?? [])))
    .filter(isVictim);
  const isMissing = victims.some(({ server }) => !isReadSince(fleet.servers.get(server)!, reading.askedAt));
  const works =
    victims.length === reading.victims.length && covers(victims, shortfall(ledger, place.bookings));
  return isMissing && works;
}

const isSame = ({ devices }: Place, reading: Reading): boolean => String(devices) === String(reading.devices);

const isReadSince = ({ statisticsAt }: Server, since: Instant): boolean =>
  (statisticsAt ?? -Infinity) >= since;

/** Whether use was read after the want arose, and just now. Asks for it where it was not, and notes what for. */
export function areRead(
  fleet: Fleet,
  { server, devices }: Place,
  victims: ReadonlySet<Ready>,
  want: Want,
  now: Instant,
): boolean {
  const left = new Set(Array.from(victims, (replica) => fleet.servers.get(replica.server)!));
  const stale = [...left].filter((one) => !isFresh(one, want, now));
  for (const one of stale) one.statisticsWanted = Math.max(one.statisticsWanted ?? 0, now);
  const reading = {
    server: server.spec.id,
    devices,
    victims: Array.from(victims, ({ id }) => id),
    askedAt: now,
  };
  if (stale.length === 0) fleet.readings.delete(want.model.id);
  else fleet.readings.set(want.model.id, reading);
  return stale.length === 0;
}

const isFresh = ({ statisticsAt, lookTook }: Server, want: Want, now: Instant): boolean =>
  statisticsAt !== null && statisticsAt >= want.since && now - statisticsAt <= Math.max(FRESH, 2 * lookTook);
