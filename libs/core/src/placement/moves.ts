import type { Fleet, Move } from '../fleet/fleet.js';
import { isNeeded } from '../memory/footprint.js';
import { type ModelId, replicaId, type ReplicaId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Instant, Millis } from '../fleet/model.js';
import { moveMadeFor } from '../fleet/moving.js';
import {
  isGuaranteed,
  isPinProtected,
  servingReplicas,
  solidCopies,
  standingCopies,
} from '../memory/pins.js';
import type { Ready } from '../fleet/replica.js';
import { takesOrders } from '../fleet/standing.js';
import { unloadForecast } from '../learned/unload-times.js';
import { leavesAfter, waitingFor } from '../loading/eta.js';
import type { Freed, Moving } from '../room/freed.js';
import type { Place } from '../room/places.js';
import { drain } from './retire.js';
import { placesAmong, type Site } from '../room/sites.js';
import { maySwap, noteSwap } from '../room/swaps.js';
import { covers, neededAt, shortfall } from '../room/victims.js';
import { isLacking, type Want } from '../demand/wants.js';

/**
 * A move makes room without making anything cold. Another copy of a model is loaded where there is room, and only once
 * that is ready the one in the way is drained. It goes alone, and its memory is enough for the model it makes room for.
 */

/** Beyond its load a move may take so long, for a load slot, and for a device to have a swap left again. */
const PATIENCE: Millis = 60_000;

/** Notes that a copy moves, for which a place was given to another one of its model. */
export function beginMove(fleet: Fleet, { replica, model, place }: Moving, want: Want, now: Instant): void {
  const to = replicaId(model.id, place.server.spec.id);
  fleet.moves.set(replica.id, { model: model.id, to, for: want.model.id, since: now });
  noteSwap(fleet, place, now);
}

/** Whether a waiting request would have its model in time if others leave now, but not once a copy has moved. */
export function isTooSlow(
  fleet: Readonly<Fleet>,
  { replica, model, place }: Moving,
  { model: newcomer }: Want,
  now: Instant,
): boolean {
  const load = loadForecast(fleet, newcomer.id, null).p50;
  const copied = loadForecast(fleet, model.id, place.server.spec.id);
  const moved = now + leavesAfter(fleet, replica, copied, now).p50 + load;
  const evicted = now + unloadForecast(fleet.servers.get(replica.server)).p50 + load;
  for (const { model: id, deadline } of fleet.waiting.values())
    if (id === newcomer.id && deadline < moved && deadline >= evicted) return true;
  return false;
}

/**
 * Goes on with the move that is under way for a want: once the new copy is ready the old one drains. Undefined where there
 * is none, or it came to nothing.
 */
export function followMove(
  fleet: Fleet,
  ledger: Ledger,
  sites: readonly Site[],
  want: Want,
  now: Instant,
): Freed | undefined {
  const move = moveMadeFor(fleet, want.model.id);
  const replica = move && fleet.replicas.get(move[0]);
  if (!move || replica?.phase !== 'ready') return undefined;
  const [id, { to }] = move;
  if (fleet.replicas.get(to)?.phase !== 'ready') return { kind: 'asking' };
  const places = placesAmong(sites, replica.server);
  const place = places.find((one) => isFreedBy(fleet, ledger, one, replica, want));
  if (!place || !mayBeLetGo(fleet, replica, to)) {
    fleet.moves.delete(id);
    return undefined;
  }
  if (!maySwap(fleet, place, want, now)) return { kind: 'asking' };
  ledger.leave(replica.bookings);
  drain(fleet, replica, 'evicted', want.model.id, now);
  noteSwap(fleet, place, now);
  return { kind: 'freed', place };
}

const isFreedBy = (fleet: Fleet, ledger: Ledger, place: Place, replica: Ready, want: Want): boolean =>
  !neededAt(fleet, place, want).has(replica.id) && covers([replica], shortfall(ledger, place.bookings));

/** Whether its model stays as warm without it as it is to be: the new copy serves, and no pin nor `copies.min` lacks it. */
function mayBeLetGo(fleet: Fleet, replica: Ready, to: ReplicaId): boolean {
  const { model } = replica;
  if (replica.change || isNeeded(fleet, replica) || waitingFor(fleet, model) > 0) return false;
  if (isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return false;
  const stay = solidCopies(fleet, model, new Set([replica.id]));
  return (
    stay >= Math.max(1, standingCopies(fleet.models.get(model))) &&
    servingReplicas(fleet, model).some((one) => one.id === to)
  );
}

/**
 * Ends the moves that are done, or came to nothing: then the copies that came for them stay or go like any other. Returns
 * those copies, which may not have come yet.
 */
export function endMoves(fleet: Fleet, now: Instant): ReadonlySet<ReplicaId> {
  const copies = new Set<ReplicaId>();
  for (const [id, move] of fleet.moves) {
    if (!isOver(fleet, id, move, now)) continue;
    fleet.moves.delete(id);
    copies.add(move.to);
  }
  return copies;
}

function isOver(fleet: Readonly<Fleet>, id: ReplicaId, move: Move, now: Instant): boolean {
  const replica = fleet.replicas.get(id);
  switch (replica?.phase) {
    case 'ready':
      return now >= movesUntil(fleet, move) || !mayGoOn(fleet, replica, move, now);
    case 'draining':
    case 'unloading':
      return replica.makesRoomFor !== move.for;
    default:
      return true;
  }
}

/** Whether the new copy is there or comes, the old one could be told to leave, and its memory is still wanted. */
function mayGoOn(fleet: Readonly<Fleet>, { server }: Ready, move: Move, now: Instant): boolean {
  const copy = fleet.replicas.get(move.to);
  const isComing = copy?.phase === 'placed' || copy?.phase === 'loading' || copy?.phase === 'ready';
  const newcomer = fleet.models.get(move.for);
  if (!isComing || !newcomer || !takesOrders(fleet.servers.get(server)!, now)) return false;
  return isLacking(fleet, newcomer, now);
}

/** When a move is given up whose copies are both still there: the requests that wait for it are judged anew. */
export const movesUntil = (fleet: Readonly<Fleet>, { model, since }: Move): Instant =>
  since + (fleet.models.get(model) ?? fleet.defaults).loadTimeout + PATIENCE;

/** Whether a copy is being moved to make room for a model. */
export function isMovedFor(fleet: Readonly<Fleet>, model: ModelId, now: Instant): boolean {
  const found = moveMadeFor(fleet, model);
  return found !== undefined && !isOver(fleet, ...found, now);
}
