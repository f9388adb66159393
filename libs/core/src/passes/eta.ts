import type { Fleet } from '../fleet.js';
import type { Replica } from '../replica.js';
import { replicasOf } from '../fleet.js';
import type { ModelId } from '../ids.js';
import type { Instant, Millis } from '../model.js';
import { moveMadeFor } from '../moving.js';
import { loadBegan } from '../standing.js';

/** What a load is taken to last before the first one was seen. */
const FIRST_GUESS: Millis = 10_000;

export interface Wait {
  readonly phase: 'waiting' | 'placed' | 'loading';
  /** When the model should be ready, from now; null where its load cannot begin before a freeze ends, whenever that is. */
  readonly eta: Millis | null;
  /** How many wait for it. */
  readonly position: number;
}

/** How long a load of a model should take: as long as the last one. */
export const loadTook = (fleet: Readonly<Fleet>, model: ModelId): Millis =>
  fleet.loadTook.get(model) ?? FIRST_GUESS;

/** How far the load of a model has come, judged by how long its last load took. */
export function describeWait(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Wait {
  const took = loadTook(fleet, model);
  const position = waitingFor(fleet, model);
  const replicas = replicasOf(fleet, model);
  const loading = replicas.find(isLoading);
  if (loading) {
    const eta = Math.max(0, took - (now - (loadBegan(loading) ?? loading.since)));
    return { phase: 'loading', eta, position };
  }
  const phase = replicas.some((replica) => replica.phase === 'placed') ? 'placed' : 'waiting';
  return { phase, eta: fleet.frozen ? null : movedIn(fleet, model, now) + took, position };
}

/** How long it should take until what moves for a model can leave: another copy of that is loaded first, and leases end. */
function movedIn(fleet: Readonly<Fleet>, model: ModelId, now: Instant): Millis {
  const [id, move] = moveMadeFor(fleet, model) ?? [];
  const replica = id && fleet.replicas.get(id);
  if (!move || replica?.phase !== 'ready') return 0;
  const copy = fleet.replicas.get(move.to);
  const isReady = !copy || copy.phase === 'ready';
  const load = isReady ? 0 : loadTook(fleet, move.model) - (now - (loadBegan(copy) ?? now));
  return Math.max(0, load, replica.inUseUntil - now);
}

const isLoading = (replica: Replica): boolean =>
  replica.phase === 'loading' || (replica.phase === 'unknown' && replica.coming);

/** How many requests wait for a model. */
export function waitingFor(fleet: Readonly<Fleet>, model: ModelId): number {
  let count = 0;
  for (const request of fleet.waiting.values()) if (request.model === model) count += 1;
  return count;
}
