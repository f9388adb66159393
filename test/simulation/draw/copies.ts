import type { PlannedModel } from '../plan.js';
import type { Random } from '../random.js';

/** Keeps copies of a few models warm, bounds or spreads those of a few others. Most seeds have none of it. */
export function withCopies(random: Random, models: readonly PlannedModel[]): PlannedModel[] {
  const isTried = random.chance(0.4);
  return models.map((planned) => {
    const { pinnedCopies } = planned.model;
    const minCopies = random.chance(0.12) ? random.between(1, 2) : 0;
    const most = random.chance(0.3) ? Math.max(1, pinnedCopies, minCopies) + random.between(0, 2) : null;
    const spread = random.chance(0.2) ? 'tier' : null;
    if (!isTried || !planned.isDeclared) return planned;
    return { ...planned, model: { ...planned.model, minCopies, maxCopies: most, spread } };
  });
}
