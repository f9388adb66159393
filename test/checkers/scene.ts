import type { Fleet, Instant, ModelId, Ready, Replica, ReplicaId } from '#core';
import type { Turn } from '#engine';
import type { History } from './history.js';

/** Where checkers say what they found. */
export interface Findings {
  /** Holds a promise against what happened. */
  expect(isKept: boolean, promise: () => string): void;
  /** Notes that something worth meeting was met. */
  mark(name: string): void;
}

/** One turn as any checker sees it: what it was told and decided, and the fleet before and after. No more than a recording holds. */
export interface TurnScene {
  readonly turn: Pick<Turn, 'now' | 'events' | 'actions'>;
  readonly fleet: Fleet;
  /** The replicas as the turn before left them. */
  readonly before: ReadonlyMap<ReplicaId, Replica>;
  /** Since when each model had lacked a copy as the turn before left it. */
  readonly wantedBefore: ReadonlyMap<ModelId, Instant>;
  /** What follows from the turns so far; it has heard this one's events. */
  readonly history: History;
  readonly trail: Findings;
}

/** A promise that holds after every turn. */
export type TurnCheck = (scene: TurnScene) => void;

/** The replicas whose routes were withdrawn in this turn by a decision of ours, with why. */
export function withdrawn({
  fleet,
  before,
}: Pick<TurnScene, 'fleet' | 'before'>): { was: Ready; now: Leaving }[] {
  const found: { was: Ready; now: Leaving }[] = [];
  for (const now of fleet.replicas.values()) {
    if (now.phase !== 'draining' && now.phase !== 'unloading') continue;
    const was = before.get(now.id);
    if (was?.phase === 'ready') found.push({ was, now });
  }
  return found;
}

type Leaving = Extract<Replica, { phase: 'draining' | 'unloading' }>;
