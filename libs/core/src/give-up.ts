import type { Action } from './fleet/actions.js';
import type { Fleet } from './fleet/fleet.js';
import type { Ledger } from './memory/ledger.js';
import type { Instant } from './fleet/model.js';
import type { Server } from './fleet/server.js';
import { lowerCopies } from './placement/copies.js';
import { grantWaiting } from './answers/grant.js';
import { dropUnwanted, openLedger } from './placement/place.js';
import { refuseUnservable } from './answers/refuse.js';
import { drainRetired } from './placement/retire.js';
import { takeBack } from './placement/take-back.js';
import { areOrdersStopped } from './fleet/standing.js';
import { dropWishes } from './demand/wishes.js';

interface GivenUp {
  /** Of what is left. */
  readonly ledger: Ledger;
  /** The grants and refusals that follow from what was given up. */
  readonly answers: readonly Action[];
}

/**
 * Gives up what is not to stay, until nothing more goes. No order of these passes does all of it in one go: a place
 * that is given up may have been all that kept a copy, and a copy that goes all that a place was for.
 */
export function giveUp(fleet: Fleet, open: readonly Server[], now: Instant): GivenUp {
  const { routesRevision: routes } = fleet;
  const known = fleet.replicas.size;
  const granted: Action[] = [];
  let ledger: Ledger | null = null;
  while (!ledger) {
    dropWishes(fleet, now);
    const isDropped = dropUnwanted(fleet, now);
    const isRetired = !areOrdersStopped(fleet) && retire(fleet, now);
    if (isDropped || isRetired) granted.push(...keepServing(fleet, now));
    // Places are asked last, since they may count on the memory of what retires.
    else ledger = openLedger(fleet, open, now);
  }
  const isChanged = fleet.routesRevision > routes || fleet.replicas.size < known;
  return { ledger, answers: isChanged ? [...granted, ...refuseUnservable(fleet, open, now)] : granted };
}

/** Whether anything goes by itself, or is given up by demand. */
function retire(fleet: Fleet, now: Instant): boolean {
  const isGivenUp = lowerCopies(fleet, now);
  return drainRetired(fleet, now) || isGivenUp;
}

/**
 * Asks draining copies again once it is known what else goes: one may have drained only because a copy stayed that goes
 * now. What drained for a place that was given up serves again already. Nothing is taken back that has a reason of its
 * own to go, so the two do not take turns. Requests that wait for any copy but the one that goes have waited for this
 * one.
 */
function keepServing(fleet: Fleet, now: Instant): readonly Action[] {
  takeBack(fleet, now);
  return grantWaiting(fleet, now);
}
