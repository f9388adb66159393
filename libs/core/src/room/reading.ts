import type { Fleet, Reading } from '../fleet/fleet.js';
import type { Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { Ledger } from '../memory/ledger.js';
import type { AccountId } from '../fleet/ids.js';
import type { Bytes, Instant } from '../fleet/model.js';
import type { Place } from './places.js';
import { placesAmong, type Site } from './sites.js';
import type { EvictionPlan } from './plan-victims.js';
import {
  covers,
  neededAt,
  replicasIn,
  shortfall,
  type Victim,
  victimsAmong,
  type VictimTest,
  withinKept,
} from './victims.js';
import type { Want } from '../demand/wants.js';

/** A reading of use that is older is read again before anything is drained for memory. */
const FRESH = 500;

/**
 * The plan for which use was asked to be read, where it still works. `asking` until the statistics are in: nothing could
 * be drained for another plan either. Then the plan, if its victims were not used meanwhile: it was the best when their
 * use was asked for, and no other is looked for. Undefined where a new plan is to be found.
 */
export function planRead(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  isVictim: VictimTest,
): 'asking' | EvictionPlan | undefined {
  const reading = fleet.readings.get(want.model.id);
  const place = reading && placesAmong(sites, reading.server).find((one) => isSame(one, reading));
  if (!reading || !place) return undefined;
  const needed = neededAt(fleet, place, want);
  const leaving = reading.victims
    .flatMap((id) => (needed.has(id) ? [] : (fleet.replicas.get(id) ?? [])))
    .filter(isVictim);
  // A replica that does not leave may have come to depend on one of them, which then stays, too.
  const victims = victimsAmong(fleet, isVictim, leaving);
  const short = shortfall(ledger, place.bookings);
  if (leaving.length < reading.victims.length || !covers(replicasIn(victims), short)) return undefined;
  const isMissing = leaving.some(({ server }) => !isReadSince(fleet.servers.get(server)!, reading.askedAt));
  if (isMissing) return 'asking';
  return isAsAsked(fleet, want, victims, short, reading) ? { place, victims } : undefined;
}

/** Whether all these victims still have to leave and may, and none was used. */
function isAsAsked(
  fleet: Fleet,
  want: Want,
  victims: readonly Victim[],
  short: ReadonlyMap<AccountId, Bytes>,
  { lastUse }: Reading,
): boolean {
  const isSpared = (one: Victim): boolean =>
    covers(replicasIn(victims.filter((other) => other !== one)), short);
  return (
    victims.length > 0 &&
    lastUseOf(replicasIn(victims)) === lastUse &&
    withinKept(fleet, victims, want).length === victims.length &&
    !victims.some(isSpared)
  );
}

const lastUseOf = (leaving: Iterable<Ready>): Instant =>
  Math.max(...Array.from(leaving, ({ lastUse }) => lastUse));

const isSame = ({ devices }: Place, reading: Reading): boolean => String(devices) === String(reading.devices);

const isReadSince = ({ statisticsAt }: Server, since: Instant): boolean =>
  (statisticsAt ?? -Infinity) >= since;

/** Whether use was read since the want arose and a short time ago. If not, asks for it and notes the plan. */
export function areRead(
  fleet: Fleet,
  place: Place,
  leaving: readonly Ready[],
  want: Want,
  now: Instant,
): boolean {
  const left = new Set(leaving.map((replica) => fleet.servers.get(replica.server)!));
  const stale = [...left].filter((one) => !isFresh(one, want, now));
  for (const one of stale) one.statisticsWanted = Math.max(one.statisticsWanted ?? 0, now);
  const reading = {
    server: place.server.spec.id,
    devices: place.devices,
    victims: leaving.map(({ id }) => id),
    lastUse: lastUseOf(leaving),
    askedAt: now,
  };
  if (stale.length === 0) fleet.readings.delete(want.model.id);
  else fleet.readings.set(want.model.id, reading);
  return stale.length === 0;
}

const isFresh = ({ statisticsAt, lookTook }: Server, want: Want, now: Instant): boolean =>
  statisticsAt !== null && statisticsAt >= want.since && now - statisticsAt <= Math.max(FRESH, 2 * lookTook);
