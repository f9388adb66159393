import {
  type ActionOf,
  type Fleet,
  type Instant,
  type ModelId,
  type PromiseCause,
  replicaId,
  type Request,
  type RequestId,
  type ServerId,
} from '#core';
import { FleetHistory } from './fleet-history.js';
import { withNeeds } from './needs.js';
import type { TurnCheck, TurnScene } from './scene.js';

/** A request that was promised a route, since when, and where its job has stood since. */
interface Promised {
  readonly request: Request;
  readonly since: Instant;
  readonly servers: Set<ServerId>;
}

/** The reasons of a refusal that tell the cause themselves: said here once more, since a checker believes nothing of the core. */
const BY_REASON: Readonly<Record<string, PromiseCause>> = {
  queue_full: 'queue',
  over_share: 'queue',
  shutting_down: 'restart',
  no_leader: 'restart',
  store_unavailable: 'restart',
  disabled: 'operator',
  infeasible: 'operator',
  unknown_model: 'operator',
  unknown_version: 'operator',
};

/**
 * What becomes of promises: each is kept, or broken for a cause of the list that happened to its own server, model or class
 * since it was given. That is judged by what was seen, not by what Berth says. It is counted, and fails no run yet.
 */
export function promisesAreKept(): TurnCheck {
  const promised = new Map<RequestId, Promised>();
  const history = new FleetHistory();
  return (scene) => {
    history.turnTaken(scene);
    follow(scene, promised);
    for (const action of scene.turn.actions) {
      if (action.kind === 'grant' && action.promised) scene.trail.mark('promise kept');
      if (action.kind === 'refuse' && action.broken)
        scene.trail.mark(
          `promise broken: ${causeOf(scene.fleet, action, promised.get(action.request), history)}`,
        );
      if (action.kind === 'grant' || action.kind === 'refuse') promised.delete(action.request);
    }
    for (const event of scene.turn.events)
      if (event.kind === 'RequestCancelled') promised.delete(event.request);
  };
}

/** Notes the promises of this turn, and where the jobs of all stand. */
function follow({ fleet, turn, history }: TurnScene, promised: Map<RequestId, Promised>): void {
  for (const [id, at] of fleet.promises) {
    const request = history.pending.get(id);
    if (at === null || !request) continue;
    const known = promised.get(id) ?? { request, since: turn.now, servers: new Set() };
    promised.set(id, known);
    for (const server of serversOf(fleet, request.model)) known.servers.add(server);
  }
}

/** Where the next copy of a model is to be loaded, or is being loaded. */
function serversOf(fleet: Fleet, model: ModelId): ServerId[] {
  const next = fleet.line.get(model)?.server;
  const there = [...fleet.servers.keys()].filter((id) => {
    const phase = fleet.replicas.get(replicaId(model, id))?.phase;
    return phase !== undefined && phase !== 'ready';
  });
  return next ? [next, ...there] : there;
}

/** Why a promise was broken; `unlisted` where nothing of the list was seen. */
function causeOf(
  fleet: Fleet,
  { refusal, broken }: ActionOf<'refuse'>,
  known: Promised | undefined,
  history: FleetHistory,
): PromiseCause | 'unlisted' {
  const told = broken === 'share' ? broken : BY_REASON[refusal.reason];
  if (told || !known) return told ?? 'unlisted';
  const { model, class: of } = known.request;
  return (
    history.causeSince(known.since, { models: withNeeds(fleet, model), class: of }, [...known.servers]) ??
    'unlisted'
  );
}
