import type { Action } from './fleet/actions.js';
import type { Event } from './fleet/events.js';
import type { Fleet, Request } from './fleet/fleet.js';
import type { Ledger } from './memory/ledger.js';
import type { Instant } from './fleet/model.js';
import { observe } from './observe/observe.js';
import { refuseBelated } from './answers/belated.js';
import { giveUp } from './give-up.js';
import { grantWaiting } from './answers/grant.js';
import { holdBack } from './answers/hold-back.js';
import { lookAround } from './looks/look-around.js';
import { endDemands, raiseCopies } from './placement/copies.js';
import { awaitedAmong, openingsFor } from './loading/openings.js';
import { type Ahead, LineAhead } from './loading/line-ahead.js';
import { dropHomeless, type Placeless, placeWanted } from './placement/place.js';
import {
  answerExpired,
  refuseAll,
  refuseCrowded,
  refuseHopeless,
  takeExpired,
  takeHasty,
} from './answers/refuse.js';
import { answerOverflow, takeOverflow } from './answers/overflow.js';
import { bringBack, followReloads } from './placement/reload.js';
import { drainCut, unloadDrained } from './placement/retire.js';
import { startPlaced } from './loading/start.js';
import { takeBack } from './placement/take-back.js';
import { takeUpUnloads } from './placement/take-up-unloads.js';
import { refuseUnreachable } from './answers/unreachable.js';
import type { Server } from './fleet/server.js';
import { forgetShortfalls } from './memory/shortfalls.js';
import { noteSlotUse } from './loading/slot-use.js';
import { openServers } from './fleet/standing.js';
import { wantsLeft, wantsOf } from './demand/wants.js';

/**
 * One turn: hear everything that happened, then decide once.
 * Synchronous and deterministic: the same turns give the same actions.
 */
export function step(fleet: Fleet, events: readonly Event[], now: Instant): Action[] {
  fleet.startedAt ??= now;
  for (const event of events) observe(fleet, event, now);
  return fleet.closing ? refuseAll(fleet, now) : reconcile(fleet, now);
}

/**
 * Compares what is wanted with what is, and assumes all it decides: a second look finds nothing to do. In a frozen fleet
 * whatever would need a load or an unload is left undecided: waiting requests go on waiting.
 */
function reconcile(fleet: Fleet, now: Instant): Action[] {
  forgetShortfalls(fleet, now);
  const open = openServers(fleet, now);
  followOrders(fleet, now);
  raiseCopies(fleet, now);
  takeBack(fleet, now);
  dropHomeless(fleet, open, now);
  const hopeless = refuseHopeless(fleet, open, now);
  const vain = refuseUnreachable(fleet, open, now, null);
  const late = takeExpired(fleet, now);
  holdBack(fleet, now);
  const granted = grantWaiting(fleet, now);
  const expired = [...late, ...takeHasty(fleet, now)];
  const away = takeOverflow(fleet);
  const belated = refuseBelated(fleet, now);
  const { ledger, answers } = giveUp(fleet, open, now);
  const before = {
    ...{ routes: fleet.routesRevision, replicas: fleet.replicas.size },
    moves: fleet.moves.size,
  };
  bringBack(fleet, open, ledger, now);
  const wants = wantsOf(fleet, now);
  const { unplaced, inLine } = placeWanted(fleet, wants, open, ledger, now);
  const bereft = isTaken(fleet, before)
    ? [...grantWaiting(fleet, now), ...refuseHopeless(fleet, open, now)]
    : [];
  const lookAhead = (): Ahead => aheadOf(fleet, { unplaced, inLine, expired }, open, ledger, now);
  // Nothing is moved for a request that is refused in this very turn.
  const early = fleet.moves.size > before.moves ? refuseUnreachable(fleet, open, now, lookAhead()) : [];
  const loads = fleet.frozen || early.length > 0 ? [] : startPlaced(fleet, ledger, now);
  const ahead = lookAhead();
  const crowded = refuseCrowded(fleet, ahead.openings, open, ledger, now);
  const unreachable = [...early, ...refuseUnreachable(fleet, open, now, ahead)];
  const overflow = answerOverflow(fleet, away, ahead.line, now);
  const unloads = fleet.frozen ? [] : unloadDrained(fleet, now);
  const told = answerExpired(fleet, expired, ahead, open, now);
  // In the order in which they were decided: hints stand behind each other.
  const answered = [hopeless, vain, granted, belated, answers, bereft, crowded, unreachable, overflow, told];
  noteSlotUse(fleet, open, now);
  // A refused request may have been all that something was placed for, or had taken a place from another model. A copy
  // that leaves may have been the only one of a model that had places for more.
  const rest = unreachable.length > 0 || endDemands(fleet) ? reconcile(fleet, now) : lookAround(fleet, now);
  return joined([...answered, loads, unloads, rest]);
}

/** What keeps models without a place from one. A load in line may have nothing to wait for all the same. */
function aheadOf(
  fleet: Fleet,
  { unplaced, inLine, expired }: Placeless & { readonly expired: readonly Request[] },
  open: readonly Server[],
  ledger: Ledger,
  now: Instant,
): Ahead {
  const judged = wantsLeft(fleet, awaitedAmong(fleet, [...unplaced, ...inLine], expired), now);
  const openings = openingsFor(fleet, judged, open, ledger, now);
  return { openings, line: new LineAhead(fleet, inLine, open, now) };
}

/**
 * Whether the places that were given may have taken something from other waiting requests. A victim may have been what
 * they needed where it was, or the copy that kept a pin from holding another. A retry may have got the last try there.
 */
function isTaken(
  fleet: Readonly<Fleet>,
  before: { readonly routes: number; readonly replicas: number },
): boolean {
  return (
    fleet.routesRevision > before.routes ||
    (fleet.cooldowns.size > 0 && fleet.replicas.size > before.replicas)
  );
}

/** One list of all these, most of which are empty: `flat` would cost more than all that a quiet turn looks at. */
function joined(lists: readonly (readonly Action[])[]): Action[] {
  const all: Action[] = [];
  for (const list of lists) for (const action of list) all.push(action);
  return all;
}

/** What admins have ordered: what had to wait and need wait no more, what is under way, and drains whose time is over. */
function followOrders(fleet: Fleet, now: Instant): void {
  takeUpUnloads(fleet, now);
  followReloads(fleet, now);
  if (!fleet.frozen) drainCut(fleet, now);
}
