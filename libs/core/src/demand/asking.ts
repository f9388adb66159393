import { toReplace } from '../memory/failing.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import { inOrder } from '../fleet/indexes.js';
import type { Instant } from '../fleet/model.js';
import type { Rank } from './rank.js';
import { ranksAsked } from './claims.js';
import { idleAt } from './idle.js';

/** What asks for copies of models at one moment. */
export interface Asking {
  /** The rank at which one copy of each model is asked for (`ranksAsked`). */
  readonly asked: ReadonlyMap<ModelId, Rank>;
  /** The models in use on draining servers: see `leavingDraining`. */
  readonly leaving: ReadonlySet<ModelId>;
  /** The models that have a failing copy to replace. */
  readonly failing: ReadonlySet<ModelId>;
}

/** What asks for copies now, worked out once for all wants of a turn. */
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
