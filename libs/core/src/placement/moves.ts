import { type Fleet, type Move, moveMadeFor } from '../fleet/fleet.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Instant, Millis } from '../fleet/model.js';
import type { Ready } from '../fleet/replica.js';
import { takesOrders } from '../fleet/standing.js';
import { isLacking } from '../demand/wants.js';

/**
 * A move makes room without making anything cold. Another copy of a model is loaded where there is room, and only once
 * that is ready the one in the way is drained. It goes alone, and its memory is enough for the model it makes room for.
 */

/** Beyond its load a move may take so long, for a load slot, and for a device to have a swap left again. */
const PATIENCE: Millis = 60_000;

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
