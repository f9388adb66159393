import type { Now } from '../numbers/now.js';
import { compareKeys } from '../numbers/compare-keys.js';
import type { Utilisation } from '../fleet/kept.js';
import type { EventOf } from '../fleet/events.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import { isNeeded } from '../memory/footprint.js';
import type { ModelId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import { copiesOf, isPinProtected, solidCopies, standingCopies } from '../memory/pins.js';
import type { Ready } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { areOrdersStopped, takesOrders } from '../fleet/standing.js';
import { EASY_FOR, isOverused, mayHaveMore } from '../learned/utilisation.js';
import { waitingFor } from '../fleet/waiting.js';
import { hasQueue } from '../demand/idle.js';
import { isKept, residentUntil } from '../fleet/idle-rule.js';
import { copiesAround } from '../room/spread.js';
import { presentCopies } from '../demand/wants.js';
import { barOf } from './bars.js';

/**
 * Tells how many copies of a model are wanted for its demand, where that changes: one more where more has been asked for long
 * than it serves, one fewer where that has long been enough. The demand ends where no copy stays, or one at most may be.
 */
export function copiesWanted(fleet: Readonly<Fleet>, now: Now): EventOf<'CopiesWanted'>[] {
  const told: EventOf<'CopiesWanted'>[] = [];
  for (const [model, utilisation] of fleet.utilisations) {
    const wanted = wantedOf(fleet, model, utilisation, now);
    if (wanted) told.push({ kind: 'CopiesWanted', model, ...wanted });
  }
  return told;
}

type Wanted = Pick<EventOf<'CopiesWanted'>, 'copies' | 'spare'>;

function wantedOf(
  fleet: Readonly<Fleet>,
  id: ModelId,
  utilisation: Utilisation,
  now: Now,
): Wanted | undefined {
  const model = fleet.models.get(id);
  if (!mayHaveMore(model) || solidCopies(fleet, id) === 0) return { copies: 0, spare: null };
  if (isOverused(utilisation)) {
    const present = presentCopies(fleet, id, now);
    // One step at a time: as long as a copy is wanted that is not there, no other is.
    return utilisation.copies > present || present >= model.maxCopies
      ? undefined
      : { copies: present + 1, spare: null };
  }
  const isLong = utilisation.easySince !== null && now.has(utilisation.easySince + EASY_FOR);
  if (!isLong || areOrdersStopped(fleet) || barOf(fleet, id) === 'over_limit') return undefined;
  return oneFewer(fleet, model, utilisation, now);
}

/** A copy that found no room is wanted no more; else the one goes that is missed least, if any may. */
function oneFewer(
  fleet: Readonly<Fleet>,
  model: Model,
  { copies }: Utilisation,
  now: Now,
): Wanted | undefined {
  const present = presentCopies(fleet, model.id, now);
  if (copies > present) return { copies: copies - 1, spare: null };
  const spare = spareOf(fleet, model, now);
  if (!spare) return undefined;
  return { copies: Math.min(copies, Math.max(1, present - copiesOf(fleet, spare))), spare: spare.id };
}

/** The copy that is missed least: where there are most of them, not in use, used longest ago. */
function spareOf(fleet: Readonly<Fleet>, model: Model, now: Now): Ready | undefined {
  const copiesNear = copiesAround(fleet, model, now);
  const rankOf = (one: Ready): readonly number[] => [
    -copiesNear(fleet.servers.get(one.server)!),
    one.inUseUntil > now.stamp ? 1 : 0,
    one.lastUse,
  ];
  const spare = sparable(fleet, model, now).filter((one) => now.has(residentUntil(fleet, one)));
  const ranked = spare.map((one) => ({ one, rank: rankOf(one) }));
  return ranked.toSorted((one, other) => compareKeys(one.rank, other.rank))[0]?.one;
}

/**
 * The copies of which any may go, by what stays: pins and what is kept warm, what others need, what is waited for. None goes
 * soon after another one came up, which may have been between two looks.
 */
function sparable(fleet: Readonly<Fleet>, model: Model, now: Now): Ready[] {
  const least = Math.max(1, standingCopies(model));
  const ready = replicasOf(fleet, model.id).filter((one): one is Ready => one.phase === 'ready');
  if (waitingFor(fleet, model.id) > 0 || ready.some(({ since }) => !now.has(since + EASY_FOR))) return [];
  return ready.filter(
    (one) =>
      mayBeTold(fleet.servers.get(one.server)!, now) &&
      solidCopies(fleet, model.id, new Set([one.id])) >= least &&
      !isKept(fleet, one) &&
      !isPinProtected(fleet, one) &&
      !isNeeded(fleet, one) &&
      !hasQueue(fleet, one),
  );
}

const mayBeTold = (server: Server, now: Now): boolean => server.drain === null && takesOrders(server, now);
