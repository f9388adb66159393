import type { Now } from './numbers/now.js';
import type { Action } from './fleet/actions.js';
import type { Fleet } from './fleet/fleet.js';
import { admit, forgetAnswered } from './answers/admission.js';
import { grantWaiting } from './answers/grant.js';
import { noteLost } from './answers/broken-promise.js';
import { refuseLost } from './answers/lost.js';
import { poll } from './looks/poll.js';
import { dropInvalidPlaces, dropOverdrawn, dropUnwanted } from './placement/place.js';
import { answerExpired, refuseAll, refuseUnservable, takeExpired, takeNoWait } from './answers/refuse.js';
import { answerOverflow, takeOverflow } from './answers/overflow.js';
import { bringBack, followReloads } from './placement/reload.js';
import { drainCut, drainRetired, takeUpUnloads, unloadDrained } from './placement/retire.js';
import { startPlaced } from './loading/start.js';
import type { Line } from './loading/line.js';
import { noteLine } from './loading/note-line.js';
import { cancelDrains } from './placement/cancel-drains.js';
import type { Server } from './fleet/server.js';
import { forgetShortfalls } from './observe/ran-out.js';
import { areOrdersStopped, openServers } from './fleet/standing.js';
import { book } from './placement/book.js';
import { dropBestEffort } from './demand/best-effort.js';

/** What one turn decided. */
interface Turn {
  readonly actions: readonly Action[];
  /** Whether it gave or took something that others may use: then another turn is taken at the same instant. */
  readonly again: boolean;
}

/**
 * One turn, once what happened was heard: goes through its passes once, in one order, and assumes all it decides. Synchronous
 * and deterministic: the same turns give the same actions. Where orders are stopped, whatever would need a load or an unload
 * is left undecided: waiting requests go on waiting.
 */
export function step(fleet: Fleet, now: Now): Turn {
  if (fleet.closing) return { actions: refuseAll(fleet, fleet.closing, now), again: false };
  forgetShortfalls(fleet, now);
  const open = openServers(fleet, now);
  followOrders(fleet, now);
  const isTakenBack = cancelDrains(fleet, now);
  dropInvalidPlaces(fleet, open, now);
  const unservable = refuseUnservable(fleet, open, now);
  const late = takeExpired(fleet, now);
  const granted = grantWaiting(fleet, now);
  const expired = [...late, ...takeNoWait(fleet, now)];
  const away = takeOverflow(fleet);
  dropBestEffort(fleet, now);
  const isRetired = retire(fleet, open, now);
  // Where orders are stopped there is no other turn that answers what follows from this.
  if (isRetired) granted.push(...grantWaiting(fleet, now), ...refuseUnservable(fleet, open, now));
  bringBack(fleet, open, now);
  const { line, bestEffort, refused, isAny: isBound } = book(fleet, open, now, admit);
  const orders = giveOrders(fleet, line, now);
  const stood = new Map(fleet.line);
  noteLine(fleet, bestEffort ? [...line.all, bestEffort] : line.all, now);
  noteLost(fleet, stood, line.all, now);
  const lost = refuseLost(fleet, line, now);
  const answers = [...answerOverflow(fleet, away, now), ...answerExpired(fleet, expired, line, now)];
  forgetAnswered(fleet);
  const said = [isTakenBack, isRetired, isBound, orders.length > 0, lost.length > 0];
  const again = said.includes(true) && !areOrdersStopped(fleet);
  const looks = again ? [] : poll(fleet, now);
  const decided = [...unservable, ...granted, ...refused, ...orders, ...lost, ...answers, ...looks];
  return { actions: decided, again };
}

/** What admins have ordered: what had to wait and need wait no more, what is under way, and drains whose time is over. */
function followOrders(fleet: Fleet, now: Now): void {
  takeUpUnloads(fleet, now);
  followReloads(fleet, now);
  if (!areOrdersStopped(fleet)) drainCut(fleet, now);
}

/**
 * What is not to stay goes: what goes by itself, then places that are not wanted any more, and those whose memory will not come.
 * Places are asked last: they may be for what retires, or count on its memory. Says whether there was any.
 */
function retire(fleet: Fleet, open: readonly Server[], now: Now): boolean {
  const isDrained = !areOrdersStopped(fleet) && drainRetired(fleet, now);
  const isDropped = dropUnwanted(fleet, now);
  // What is given routes again for that needs what it is made of.
  if (isDropped) cancelDrains(fleet, now);
  return dropOverdrawn(fleet, open, now) || isDropped || isDrained;
}

/** The loads that begin, then the unloads of what has drained. */
function giveOrders(fleet: Fleet, line: Line, now: Now): Action[] {
  if (areOrdersStopped(fleet)) return [];
  const loads = fleet.loadsHeld ? [] : startPlaced(fleet, line, now);
  return [...loads, ...unloadDrained(fleet, now)];
}
