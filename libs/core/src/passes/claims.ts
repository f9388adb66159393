import { toReplace } from '../failing.js';
import type { Fleet } from '../fleet.js';
import type { ModelId } from '../ids.js';
import { standingModels } from '../standing-models.js';
import type { Instant, Model } from '../model.js';
import { guaranteedCopies, standingCopies } from '../pins.js';
import { PINNED, type Rank, rankOf } from '../rank.js';
import { copiesByDemand } from '../strain.js';

/** A reason for a model to have so many copies, whether or not it has them. */
export interface Claim {
  readonly copies: number;
  /** Copies that stronger claims ask for: this one is about those beyond. */
  readonly after: number;
  /** Nobody of a higher rank leaves for it. */
  readonly rank: Rank;
  /** One copy more by demand: nothing in use leaves for it, and nobody's last copy but one of a lower rank. */
  readonly isExtra: boolean;
}

/**
 * The claims on each model. Of the models those that are pinned or kept warm come first, then those that a draining
 * server is to be rid of, then those somebody waits for, oldest first, then wishes nobody waits for, then those of which
 * demand makes more copies.
 */
export function claimsOf(
  fleet: Readonly<Fleet>,
  leaving: ReadonlySet<ModelId>,
  now: Instant,
): ReadonlyMap<ModelId, readonly Claim[]> {
  const asked = ranksAsked(fleet, leaving, now);
  const standing: ModelId[] = [];
  for (const model of standingModels(fleet)) if (standingCopies(model) > 0) standing.push(model.id);
  const claims = new Map<ModelId, readonly Claim[]>();
  for (const id of [...standing, ...asked.keys(), ...fleet.strains.keys()]) {
    const model = fleet.models.get(id);
    if (!model?.enabled || claims.has(id)) continue;
    claims.set(id, claimsOn(fleet, model, asked.get(id) ?? null));
  }
  return claims;
}

/** The claims on one model, the strongest first; `ask` is the rank of those who want one copy of it. */
export function claimsOn(fleet: Readonly<Fleet>, model: Model, ask: Rank | null): readonly Claim[] {
  const own = rankOf(model.class);
  const claims = [
    { copies: model.pinnedCopies, rank: PINNED, isExtra: false },
    { copies: guaranteedCopies(model), rank: own, isExtra: false },
    { copies: ask === null ? 0 : 1, rank: ask ?? own, isExtra: false },
  ];
  const ordered: Claim[] = [];
  const extra = { copies: copiesByDemand(fleet, model.id), rank: own, isExtra: true };
  for (const claim of [...claims.toSorted((one, other) => other.rank - one.rank), extra]) {
    const after = ordered.at(-1)?.copies ?? 0;
    // One that asks for no more than a stronger one asks for nothing.
    if (claim.copies > after) ordered.push({ ...claim, after });
  }
  return ordered;
}

/**
 * The highest rank among those who want one copy of a model, for each that anybody wants so: of who waits his class, of a
 * wish or a draining server the model's own, which those who wait for it besides do not lower.
 */
export function ranksAsked(
  fleet: Readonly<Fleet>,
  leaving: Iterable<ModelId>,
  now: Instant,
): ReadonlyMap<ModelId, Rank> {
  const ranks = new Map<ModelId, Rank>();
  const raise = (id: ModelId, asked = fleet.models.get(id)?.class): void => {
    if (asked) ranks.set(id, Math.max(ranks.get(id) ?? 0, rankOf(asked)));
  };
  for (const id of leaving) raise(id);
  for (const { model, class: asked } of fleet.waiting.values()) raise(model, asked);
  for (const id of [...toReplace(fleet, now), ...fleet.wishes.keys()]) raise(id);
  return ranks;
}
