import type { Fleet, Instant, memoryOf, ModelId, Ready, Replica, ReplicaId } from '#core';
import type { Turn } from '#engine';
import type { History } from './history.js';
import { asLookedAt } from './pulses.js';

/** Where checkers say what they found. */
export interface Findings {
  /** Holds a promise against what happened. */
  expect(isKept: boolean, promise: () => string): void;
  /** Notes that something worth meeting was met. */
  mark(name: string): void;
}

/** One turn as any checker sees it: what it was told and decided, and the fleet before and after. No more than a recording holds. */
export interface TurnScene {
  readonly turn: Pick<Turn, 'now' | 'events' | 'actions' | 'isAtRest'>;
  readonly fleet: Fleet;
  /** The replicas as the turn before left them. */
  readonly before: ReadonlyMap<ReplicaId, Replica>;
  /** What the turn made of them, where it is not what it was. */
  readonly changes: readonly Change[];
  /** The memory arithmetic as the turn leaves it. */
  readonly memory: ReturnType<typeof memoryOf>;
  /** Since when each model had lacked a copy as the turn before left it. */
  readonly wantedBefore: ReadonlyMap<ModelId, Instant>;
  /** What follows from the turns so far; it has heard this one's events. */
  readonly history: History;
  readonly trail: Findings;
}

/** A replica before and after a turn; undefined where there was none, or is none any more. */
export interface Change {
  readonly was: Replica | undefined;
  readonly now: Replica | undefined;
}

/** A replica that changes is replaced by another object: what is the same object is the same. */
export function changesSince(before: TurnScene['before'], { replicas }: Readonly<Fleet>): readonly Change[] {
  const changes: Change[] = [];
  for (const [id, now] of replicas) {
    const was = before.get(id);
    if (was !== now) changes.push({ was, now });
  }
  const known = before.size + changes.filter(({ was }) => was === undefined).length;
  if (known === replicas.size) return changes;
  for (const [id, was] of before) if (!replicas.has(id)) changes.push({ was, now: undefined });
  return changes;
}

/** Nothing came but an hour, and nothing of the fleet is another than before: a third of all turns, for looks that are due. */
export const isStill = ({ turn, changes }: Pick<TurnScene, 'turn' | 'changes'>): boolean =>
  changes.length === 0 && turn.events.length === 0;

/** A promise that holds after every turn. */
export type TurnCheck = (scene: TurnScene) => void;

/** The replicas whose routes were withdrawn in this turn by a decision of ours, as its looks had left them, with why. */
export const withdrawn = ({
  changes,
  turn,
}: Pick<TurnScene, 'changes' | 'turn'>): { was: Ready; now: Leaving }[] =>
  changes.flatMap(({ was, now }) =>
    was?.phase === 'ready' && isLeaving(now) ? [{ was: asLookedAt(was, turn.events), now }] : [],
  );

/** A replica that began to leave in this turn to make room. */
export interface Evicted {
  readonly victim: Leaving;
  /** What the decision was about: as it served, with the looks of the turn, where it served before. */
  readonly decidedOn: Replica;
  readonly newcomer: ModelId;
  readonly readySince: Instant;
}

/** What this turn evicted: also what its events had only just brought up, and what was leaving for another newcomer. */
export const evictedIn = ({ changes, turn }: Pick<TurnScene, 'changes' | 'turn'>): Evicted[] =>
  changes.flatMap(({ was, now }) => {
    if (!isLeaving(now) || now.cause !== 'evicted' || now.makesRoomFor === null) return [];
    if (isLeaving(was) && was.makesRoomFor === now.makesRoomFor) return [];
    const [decidedOn, readySince] =
      was?.phase === 'ready' ? [asLookedAt(was, turn.events), was.since] : [now, turn.now];
    return [{ victim: now, decidedOn, newcomer: now.makesRoomFor, readySince }];
  });

/** Drained or unloaded by a decision of ours. */
export const isLeaving = (replica: Replica | undefined): replica is Leaving =>
  replica?.phase === 'draining' || replica?.phase === 'unloading';

type Leaving = Extract<Replica, { phase: 'draining' | 'unloading' }>;
