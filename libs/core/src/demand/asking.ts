import { toReplace } from '../memory/failing.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import { inOrder } from '../fleet/indexes.js';
import type { Instant } from '../fleet/model.js';
import type { Rank } from './rank.js';
import { ranksAsked } from './claims.js';
import { idleAt } from './idle.js';

/** Which models are wanted at one moment, and why. */
export interface Asking {
  /** The rank at which one copy of each model is asked for (`ranksAsked`). */
  readonly asked: ReadonlyMap<ModelId, Rank>;
  /** See `leavingDraining`. */
  readonly leaving: ReadonlySet<ModelId>;
  /** The models of which a copy only fails and is to be replaced. */
  readonly failing: ReadonlySet<ModelId>;
}

/** Which models are wanted now, found once for all wants of a turn. */
export function askingIn(fleet: Readonly<Fleet>, now: Instant): Asking {
  const leaving = new Set(leavingDraining(fleet, now));
  return { asked: ranksAsked(fleet, leaving, now), leaving, failing: new Set(toReplace(fleet, now)) };
}

/** Models in use on a server that drains: they are loaded elsewhere before it lets them go. */
export function leavingDraining(fleet: Readonly<Fleet>, now: Instant): ModelId[] {
  const ids: ReplicaId[] = [];
  for (const { spec, drain } of fleet.servers.values()) {
    if (drain) ids.push(...(fleet.residents.get(spec.id) ?? []));
  }
  if (ids.length === 0) return [];
  return inOrder(fleet, ids).flatMap((replica) =>
    replica.phase === 'ready' && (idleAt(fleet, replica) ?? Infinity) > now ? [replica.model] : [],
  );
}
