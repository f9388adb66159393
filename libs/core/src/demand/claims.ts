import type { Now } from '../numbers/now.js';
import { guaranteedCopies, standingCopies, toReplace } from '../memory/pins.js';
import { type Fleet, standingModels } from '../fleet/fleet.js';
import type { ModelId, ReplicaId } from '../fleet/ids.js';
import type { Model } from '../fleet/model.js';
import { PINNED, type Rank, rankOf } from './rank.js';
import { copiesByDemand } from '../learned/utilisation.js';
import { inOrder } from '../fleet/indexes.js';
import { idleAt } from './idle.js';
import { modelsAwaited } from '../fleet/waiting.js';

/** A reason for a model to have so many copies, whether or not it has them. */
export interface Claim {
  readonly copies: number;
  /** Copies that stronger claims ask for: this claim is about the copies beyond these. */
  readonly after: number;
  /** No copy of a model of a higher rank is evicted for it. */
  readonly rank: Rank;
  /** One more copy by demand: it evicts no copy in use, and the last copy only of a model of a lower rank. */
  readonly isExtra: boolean;
}

/**
 * The claims on each model; `asked` is the rank at which one copy of it is asked for (`ranksAsked`). The order of the
 * models: pinned and kept warm, in use on a draining server, with waiting requests in the order of arrival, with a
 * failing copy to replace, with best-effort demand, and last those with utilisation, which may get more copies by demand.
 */
export function claimsOf(
  fleet: Readonly<Fleet>,
  asked: ReadonlyMap<ModelId, Rank>,
): ReadonlyMap<ModelId, readonly Claim[]> {
  const claims = new Map<ModelId, readonly Claim[]>();
  const add = (model: Model | undefined): void => {
    if (!model?.enabled || claims.has(model.id)) return;
    claims.set(model.id, claimsOn(fleet, model, asked.get(model.id) ?? null));
  };
  for (const model of standingModels(fleet)) if (standingCopies(model) > 0) add(model);
  for (const id of asked.keys()) add(fleet.models.get(id));
  for (const id of fleet.utilisations.keys()) add(fleet.models.get(id));
  return claims;
}

/** The claims on one model, the strongest first; `ask` is the rank at which one copy of it is asked for, or null. */
export function claimsOn(fleet: Readonly<Fleet>, model: Model, ask: Rank | null): readonly Claim[] {
  const own = rankOf(model.class);
  const claims: Claim[] = [];
  claim(claims, model.pinnedCopies, PINNED);
  if (ask !== null && ask > own) claim(claims, 1, ask);
  claim(claims, guaranteedCopies(model), own);
  if (ask !== null) claim(claims, 1, ask);
  claim(claims, copiesByDemand(fleet, model.id), own, true);
  return claims;
}

/** Adds a claim to stronger ones, unless it asks for no more copies than they do. */
function claim(stronger: Claim[], copies: number, rank: Rank, isExtra = false): void {
  const after = stronger.at(-1)?.copies ?? 0;
  if (copies > after) stronger.push({ copies, after, rank, isExtra });
}

/**
 * The highest rank at which one copy is asked for, by model. A waiting request asks at its class. A draining server, a
 * failing copy or an admin's order asks at the model's own class, which waiting requests do not lower. Best-effort demand asks at it
 * where nothing else does.
 */
export function ranksAsked(
  fleet: Readonly<Fleet>,
  leaving: Iterable<ModelId>,
  now: Now,
): ReadonlyMap<ModelId, Rank> {
  const ranks = new Map<ModelId, Rank>();
  const raise = (id: ModelId, asked = fleet.models.get(id)?.class): void => {
    if (asked) ranks.set(id, Math.max(ranks.get(id) ?? 0, rankOf(asked)));
  };
  for (const id of leaving) raise(id);
  for (const [model, classes] of modelsAwaited(fleet)) for (const asked of classes) raise(model, asked);
  for (const id of toReplace(fleet, now)) raise(id);
  for (const [id, { admin }] of fleet.bestEffort) if (admin || !ranks.has(id)) raise(id);
  return ranks;
}

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
export function askingIn(fleet: Readonly<Fleet>, now: Now): Asking {
  const leaving = new Set(leavingDraining(fleet, now));
  return { asked: ranksAsked(fleet, leaving, now), leaving, failing: new Set(toReplace(fleet, now)) };
}

/** Models in use on a server that drains: they are loaded elsewhere before it lets them go. */
export function leavingDraining(fleet: Readonly<Fleet>, now: Now): ModelId[] {
  const ids: ReplicaId[] = [];
  for (const { spec, drain } of fleet.servers.values()) {
    if (drain) ids.push(...(fleet.residents.get(spec.id) ?? []));
  }
  if (ids.length === 0) return [];
  return inOrder(fleet, ids).flatMap((replica) =>
    replica.phase === 'ready' && !now.has(idleAt(fleet, replica)) ? [replica.model] : [],
  );
}
