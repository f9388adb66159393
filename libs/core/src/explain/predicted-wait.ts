import type { ServerId } from '../fleet/ids.js';
import { loadForecast } from '../learned/load-forecast.js';
import type { Millis } from '../fleet/model.js';
import { describeWait } from '../loading/eta.js';
import { Opens } from '../loading/opens.js';
import { presentCopies } from '../demand/wants.js';
import { routableReplicas } from '../learned/routes.js';
import type { Scene } from './scene.js';
import type { WhyThere } from './why-there.js';

/**
 * How long a request for the model that came now would wait for it, if no other came: not at all where a copy is warm.
 * Else it waits for the load (its P50), after what has to end before that: a cooldown, or the leases and residencies of
 * the replicas that hold the memory.
 */
export function predictedWait(scene: Scene, there: readonly WhyThere[]): Millis | null {
  const { fleet, model, now } = scene;
  if (!model.enabled) return null;
  if (routableReplicas(fleet, model.id).length > 0) return 0;
  if (presentCopies(fleet, model.id, now) > 0) return describeWait(fleet, model.id, now).eta?.p50 ?? null;
  const { at, server } = beginning(scene, there);
  if (!Number.isFinite(at)) return null;
  const startsIn = scene.price.forOneMore(model.id)?.startsIn ?? 0;
  return (
    Math.max(0, at - now, scene.line.behind(model.id).p50, startsIn) +
    loadForecast(fleet, model.id, server).p50
  );
}

/** When its load could begin at the soonest, and where; null for the server where that may be several. */
function beginning(scene: Scene, there: readonly WhyThere[]): { at: number; server: ServerId | null } {
  const begins = there.map((one) => ({ at: beginsAt(scene, one), server: one.server }));
  const at = Math.min(...begins.map((one) => one.at), opening(scene, there));
  const [first, ...others] = begins.filter((one) => one.at === at);
  return { at, server: first && others.length === 0 ? first.server : null };
}

/** When a load there could begin; infinity where there is no telling. */
function beginsAt(scene: Scene, { verdict, until, places }: WhyThere): number {
  switch (verdict) {
    case 'room':
    case 'room_by_eviction':
      return scene.now;
    case 'room_by_move':
      return movedAt(scene, places);
    case 'cooling_down':
      return places.some((place) => place.verdict !== 'no_room') ? (until ?? Infinity) : Infinity;
    case 'swaps_spent':
      return until!;
    default:
      return Infinity;
  }
}

/** When what has to be moved there could have left: the other copy is loaded first, and leases end. */
function movedAt({ fleet, now }: Scene, places: WhyThere['places']): number {
  const ends = places.flatMap(({ move }) => {
    const replica = move && fleet.replicas.get(move.replica);
    if (replica?.phase !== 'ready') return [];
    return [Math.max(now + loadForecast(fleet, replica.model, move!.server).p50, replica.inUseUntil)];
  });
  return Math.min(...ends);
}

/** When there could be room, where there is none yet: looked for only then, since it is dear. */
function opening({ fleet, open, ledger, want, now }: Scene, there: readonly WhyThere[]): number {
  const isRoom = there.some(({ verdict }) => verdict.startsWith('room'));
  const isCrowded = there.some(({ verdict }) => verdict === 'no_room');
  if (isRoom || !isCrowded) return Infinity;
  return new Opens(fleet, open, ledger, now).for(want)?.swapAt ?? Infinity;
}
