import type { Action } from './fleet/actions.js';
import type { Event } from './fleet/events.js';
import type { Fleet } from './fleet/fleet.js';
import type { Instant } from './fleet/model.js';
import { observe } from './observe/observe.js';
import { admit, forgetAnswered } from './answers/admission.js';
import { grantWaiting } from './answers/grant.js';
import { refuseLost } from './answers/lost.js';
import { lookAround } from './looks/look-around.js';
import { endDemands, lowerCopies, raiseCopies } from './placement/copies.js';
import { dropInvalidPlaces, dropUnwanted, openLedger } from './placement/place.js';
import { answerExpired, refuseAll, refuseUnservable, takeExpired, takeNoWait } from './answers/refuse.js';
import { answerOverflow, takeOverflow } from './answers/overflow.js';
import { bringBack, followReloads } from './placement/reload.js';
import { drainCut, drainRetired, takeUpUnloads, unloadDrained } from './placement/retire.js';
import { startPlaced } from './loading/start.js';
import type { Line } from './loading/line.js';
import { noteLine } from './loading/note-line.js';
import { takeBack } from './placement/take-back.js';
import type { Server } from './fleet/server.js';
import { forgetShortfalls } from './observe/ran-out.js';
import { areOrdersStopped, openServers } from './fleet/standing.js';
import { book } from './placement/book.js';
import type { Ledger } from './memory/ledger.js';
import { dropWishes } from './demand/wishes.js';
import assert from 'node:assert';

/** The rounds of one turn: what a round gives up may be what another round needs. */
const MOST_ROUNDS = 3;

/**
 * One turn: hear everything that happened, then decide once.
 * Synchronous and deterministic: the same turns give the same actions.
 */
export function step(fleet: Fleet, events: readonly Event[], now: Instant): Action[] {
  fleet.startedAt ??= now;
  fleet.now = now;
  fleet.rerouted.clear();
  for (const event of events) observe(fleet, event, now);
  if (fleet.closing) return refuseAll(fleet, fleet.closing, now);
  const actions: Action[] = [];
  let rounds = 1;
  while (decide(fleet, actions, now)) {
    rounds += 1;
    assert(rounds <= MOST_ROUNDS, 'a turn comes to rest');
  }
  actions.push(...lookAround(fleet, now));
  return actions;
}

/**
 * Compares what is wanted with what is, and assumes all it decides: a second look finds nothing to do. Where orders are
 * stopped, whatever would need a load or an unload is left undecided: waiting requests go on waiting. Adds the actions, and says
 * whether anything was given up that others may use.
 */
function decide(fleet: Fleet, actions: Action[], now: Instant): boolean {
  const add = (some: readonly Action[]): void => {
    for (const one of some) actions.push(one);
  };
  forgetShortfalls(fleet, now);
  const open = openServers(fleet, now);
  followOrders(fleet, now);
  raiseCopies(fleet, now);
  takeBack(fleet, now);
  dropInvalidPlaces(fleet, open, now);
  add(refuseUnservable(fleet, open, now));
  const late = takeExpired(fleet, now);
  add(grantWaiting(fleet, now));
  const expired = [...late, ...takeNoWait(fleet, now)];
  const away = takeOverflow(fleet);
  const { ledger, answers } = giveUp(fleet, open, now);
  add(answers);
  const { routesRevision } = fleet;
  bringBack(fleet, open, ledger, now);
  const booked = book(fleet, open, now, admit);
  let { line, wished } = booked;
  add(booked.refused);
  // A victim may have been what other requests needed where it was, or the copy that kept a pin from holding another.
  if (fleet.routesRevision > routesRevision) add(regrant(fleet, open, now));
  // What is ordered holds up what was to begin beside it or is tied to it, and copies may leave for others: the line is asked again.
  for (let orders = giveOrders(fleet, line, now); orders.length > 0; orders = giveOrders(fleet, line, now)) {
    add(orders);
    ({ line, wished } = book(fleet, open, now, () => []));
  }
  const lost = refuseLost(fleet, line, now);
  add(lost);
  noteLine(fleet, wished ? [...line.all, wished] : line.all);
  add(answerOverflow(fleet, away, now));
  add(answerExpired(fleet, expired, line, now));
  forgetAnswered(fleet);
  return endDemands(fleet) || lost.length > 0;
}

/** The loads that begin; where none does, the unloads of what has drained. */
function giveOrders(fleet: Fleet, line: Line, now: Instant): Action[] {
  if (areOrdersStopped(fleet)) return [];
  const loads = fleet.loadsHeld ? [] : startPlaced(fleet, line, now);
  return loads.length > 0 ? loads : unloadDrained(fleet, now);
}

const regrant = (fleet: Fleet, open: readonly Server[], now: Instant): Action[] => [
  ...grantWaiting(fleet, now),
  ...refuseUnservable(fleet, open, now),
];

/** What admins have ordered: what had to wait and need wait no more, what is under way, and drains whose time is over. */
function followOrders(fleet: Fleet, now: Instant): void {
  takeUpUnloads(fleet, now);
  followReloads(fleet, now);
  if (!areOrdersStopped(fleet)) drainCut(fleet, now);
}

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
function giveUp(fleet: Fleet, open: readonly Server[], now: Instant): GivenUp {
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
