import type {
  Contact,
  Event,
  EventOf,
  Fleet,
  Instant,
  Model,
  ModelId,
  Replica,
  ReplicaId,
  Request,
  RequestId,
  ServerId,
} from '#core';
import type { Turn } from '#engine';
import type { Change } from '../../checkers/scene.js';

/** What a server was before the turn: the core changes it in place. */
export interface ServerWas {
  readonly incarnation: number;
  readonly contact: Contact['kind'];
  readonly hidden: number;
}

/** What the turn before left. */
interface Past {
  readonly replicas: ReadonlyMap<ReplicaId, Replica>;
  readonly servers: ReadonlyMap<ServerId, ServerWas>;
  readonly models: ReadonlyMap<ModelId, Model>;
  /** The requests that waited. */
  readonly requests: ReadonlyMap<RequestId, Request>;
  /** When each server was last lost. */
  readonly lostAt: ReadonlyMap<ServerId, Instant>;
}

/** One turn, with what it found and what it left. */
export interface Moment {
  readonly turn: Turn;
  readonly fleet: Fleet;
  readonly past: Past;
  readonly changes: readonly Change[];
}

/** How a rare situation is recognised. */
export type Sign = (moment: Moment) => boolean;

/** Whether the turn heard an event of that kind, and of that sort. */
export function heard<Kind extends Event['kind']>(
  { turn }: Moment,
  kind: Kind,
  isSo: (event: EventOf<Kind>) => boolean,
): boolean {
  return turn.events.some((event) => event.kind === kind && isSo(event as EventOf<Kind>));
}

type Was<Phase extends Replica['phase']> = Extract<Replica, { readonly phase: Phase }>;

/** Whether a replica that was in that phase has changed, in that way. */
export function left<Phase extends Replica['phase']>(
  { changes }: Moment,
  phase: Phase,
  isSo: (was: Was<Phase>, now: Replica | undefined) => boolean,
): boolean {
  return changes.some(({ was, now }) => was?.phase === phase && isSo(was as Was<Phase>, now));
}

/** Whether the server turned out to be another process than it was. */
export function isReborn({ fleet, past }: Moment, id: ServerId): boolean {
  const before = past.servers.get(id)?.incarnation ?? 0;
  return before > 0 && (fleet.servers.get(id)?.incarnation ?? 0) > before;
}

/** Whether the turn has lost the server. */
export function isLostNow({ fleet, past }: Moment, id: ServerId): boolean {
  const before = past.servers.get(id)?.contact;
  return before !== undefined && before !== 'lost' && fleet.servers.get(id)?.contact.kind === 'lost';
}

/** A request that waited before, or came in this very turn. */
export function requestOf({ turn, past }: Moment, id: RequestId): Request | undefined {
  const waited = past.requests.get(id);
  if (waited) return waited;
  const arrived = turn.events.find((event) => event.kind === 'RequestArrived' && event.request.id === id);
  return (arrived as EventOf<'RequestArrived'> | undefined)?.request;
}

/** The replicas of a model as the turn found them. */
export function found({ past }: Moment, model: ModelId): readonly Replica[] {
  return [...past.replicas.values()].filter((replica) => replica.model === model);
}

/** Whether a copy of the model became ready in this turn. */
export function becameReady({ changes }: Moment, model: ModelId): boolean {
  return changes.some(
    ({ was, now }) => now?.model === model && now.phase === 'ready' && was?.phase !== 'ready',
  );
}
