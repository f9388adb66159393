import type { Fleet, Instant, ModelId, Replica, ReplicaId, ServerId } from '#core';
import type { Turn } from '#engine';
import type { RouteRecord } from '../route-record.js';
import type { Site } from '../site.js';
import type { Trail } from '../trail.js';

/** One turn as a checker sees it: what it did, what was before, and what is true besides. */
export interface Scene {
  readonly turn: Turn;
  readonly fleet: Fleet;
  /** The replicas as the turn before left them. */
  readonly before: ReadonlyMap<ReplicaId, Replica>;
  /** Since when each model had lacked a copy as the turn before left it. */
  readonly wantedBefore: ReadonlyMap<ModelId, Instant>;
  readonly routes: RouteRecord;
  readonly sites: ReadonlyMap<string, Site>;
  readonly trail: Trail;
  /** Which life of Berth takes the turn: a later one finds models whose leases and devices it cannot know. */
  readonly life: number;
}

/** A promise that holds after every turn. */
export type Check = (scene: Scene) => void;

export const siteOf = ({ sites }: Scene, id: ServerId): Site => sites.get(id)!;

/** The replicas whose routes were withdrawn in this turn by a decision of ours, with why. */
export function withdrawn({
  fleet,
  before,
}: Scene): { was: Extract<Replica, { phase: 'ready' }>; now: Leaving }[] {
  return [...before.values()].flatMap((was) => {
    const now = fleet.replicas.get(was.id);
    const isLeaving = now?.phase === 'draining' || now?.phase === 'unloading';
    return was.phase === 'ready' && isLeaving ? [{ was, now }] : [];
  });
}

export type Leaving = Extract<Replica, { phase: 'draining' | 'unloading' }>;
