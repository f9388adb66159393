import { compareKeys } from '../numbers/compare-keys.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { isNeeded } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Instant, Model } from '../fleet/model.js';
import { isQuarantined } from '../memory/limits.js';
import { copiesOf, isPinProtected, solidCopies, standingCopies } from '../memory/pins.js';
import type { Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { takesOrders } from '../fleet/standing.js';
import { carriedBy, EASY_FOR, isStrained, mayHaveMore, stands, type Strain } from '../learned/strain.js';
import { waitingFor } from '../fleet/waiting.js';
import { hasQueue } from '../demand/idle.js';
import { isKept, residentUntil } from '../fleet/idle-rule.js';
import { drain } from '../observe/requests.js';
import { crowding } from '../room/spread.js';
import { presentCopies } from '../demand/wants.js';

/** Asks for one copy more of each model of which more has been asked for long than it serves; what is cold begins anew. */
export function raiseCopies(fleet: Fleet, now: Instant): void {
  endDemands(fleet);
  for (const [id, strain] of fleet.strains) {
    const model = fleet.models.get(id);
    if (mayHaveMore(model) && isStrained(strain)) raise(fleet, model, strain, now);
  }
}

/** Ends the demand for more copies of each model of which no copy stays, or one at most may be. Says whether any ended. */
export function endDemands(fleet: Fleet): boolean {
  const known = fleet.strains.size;
  for (const [id, strain] of fleet.strains) {
    if (!mayHaveMore(fleet.models.get(id)) || solidCopies(fleet, id) === 0) endDemand(fleet, id, strain);
  }
  return fleet.strains.size < known;
}

/** For later requests the time does not count as waiting in which only its next copy was wanted. */
function endDemand(fleet: Fleet, id: ModelId, { isAlone }: Strain): void {
  fleet.strains.delete(id);
  if (isAlone) fleet.wantedSince.delete(id);
}

/**
 * Asks for one copy fewer of each model that has long been easy: one that is ready begins to drain. Says whether any copy
 * was given up.
 */
export function lowerCopies(fleet: Fleet, now: Instant): boolean {
  let any = false;
  for (const [id, strain] of fleet.strains) {
    if (
      isLong(strain, now) &&
      !isQuarantined(fleet, id) &&
      lowerDemand(fleet, fleet.models.get(id)!, strain, now)
    )
      any = true;
  }
  return any;
}

const isLong = ({ easySince }: Strain, now: Instant): boolean =>
  easySince !== null && now >= easySince + EASY_FOR;

/** One step at a time: as long as a copy is wanted that is not there, no other is. */
function raise(
  fleet: Fleet,
  { id, maxCopies }: Model & { maxCopies: number },
  strain: Strain,
  now: Instant,
): void {
  const present = presentCopies(fleet, id, now);
  if (strain.copies > present || present >= maxCopies) return;
  const carried = carriedBy(strain.samples, present);
  // Where nothing stands they might serve more than they do.
  const carries = stands(strain.samples, present) ? carried : Math.max(strain.carries, carried);
  fleet.strains.set(id, { ...strain, copies: present + 1, carries, standing: null, easySince: null });
}

/** A copy that found no room is wanted no more; else the one goes that is missed least, if any may. */
function lowerDemand(fleet: Fleet, model: Model, strain: Strain, now: Instant): boolean {
  const present = presentCopies(fleet, model.id, now);
  const copies = strain.copies > present ? strain.copies - 1 : undefined;
  const spare = copies === undefined ? spareOf(fleet, model, now) : undefined;
  if (copies === undefined && !spare) return false;
  if (spare) drain(fleet, spare, 'idle', null, now);
  const left = copies ?? present - copiesOf(fleet, spare!);
  fleet.strains.set(model.id, { ...strain, copies: Math.max(1, left), easySince: now });
  return true;
}

/** The copy that is missed least: where there are most of them, not in use, used longest ago. */
function spareOf(fleet: Fleet, model: Model, now: Instant): Ready | undefined {
  const crowdOn = crowding(fleet, model, now);
  const rankOf = (one: Ready): readonly number[] => [
    -crowdOn(fleet.servers.get(one.server)!),
    one.inUseUntil > now ? 1 : 0,
    one.lastUse,
  ];
  const spare = sparable(fleet, model, now).filter((one) => now >= residentUntil(fleet, one));
  const ranked = spare.map((one) => ({ one, rank: rankOf(one) }));
  return ranked.toSorted((one, other) => compareKeys(one.rank, other.rank))[0]?.one;
}

/** The copies of which any may go, by what stays: pins and what is kept warm, what others need, what is waited for. */
function sparable(fleet: Readonly<Fleet>, model: Model, now: Instant): Ready[] {
  const least = Math.max(1, standingCopies(model));
  if (waitingFor(fleet, model.id) > 0) return [];
  return replicasOf(fleet, model.id).filter(
    (one): one is Ready =>
      one.phase === 'ready' &&
      mayBeTold(fleet.servers.get(one.server)!, now) &&
      solidCopies(fleet, model.id, new Set([one.id])) >= least &&
      !isKept(fleet, one) &&
      !isPinProtected(fleet, one) &&
      !isNeeded(fleet, one) &&
      !hasQueue(fleet, one),
  );
}

const mayBeTold = (server: Server, now: Instant): boolean =>
  server.drain === null && takesOrders(server, now);

/** When time alone could make a copy of a model go that demand does not want any more. */
export function sparedAt(
  fleet: Readonly<Fleet>,
  id: ModelId,
  { easySince }: Strain,
  now: Instant,
): readonly Instant[] {
  const model = fleet.models.get(id);
  if (easySince === null || !model) return [];
  const residents = sparable(fleet, model, now).map((one) => residentUntil(fleet, one));
  return [easySince + EASY_FOR, ...residents];
}
