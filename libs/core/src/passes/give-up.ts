import type { Action } from '../actions.js';
import type { Fleet } from '../fleet.js';
import type { Ledger } from '../ledger.js';
import type { Instant } from '../model.js';
import type { Server } from '../server.js';
import { lowerCopies } from './copies.js';
import { grantWaiting } from './grant.js';
import { dropUnwanted, openLedger } from './place.js';
import { refuseHopeless } from './refuse.js';
import { drainRetired } from './retire.js';
import { takeBack } from './take-back.js';
import { dropWishes } from './wishes.js';

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
    const isRetired = !fleet.frozen && retire(fleet, now);
    if (isDropped || isRetired) granted.push(...keepServing(fleet, now));
    // Places are asked last, since they may count on the memory of what retires.
    else ledger = openLedger(fleet, open, now);
  }
  const isChanged = fleet.routesRevision > routes || fleet.replicas.size < known;
  return { ledger, answers: isChanged ? [...granted, ...refuseHopeless(fleet, open, now)] : granted };
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
