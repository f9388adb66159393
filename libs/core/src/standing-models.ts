import type { Fleet } from './fleet-state.js';
import type { Model } from './model.js';

const standing = new WeakMap<Fleet['models'], readonly Model[]>();

/** Models that are pinned or to be kept warm, in the order of the fleet. */
export function standingModels({ models }: Readonly<Fleet>): readonly Model[] {
  const found = standing.get(models);
  if (found) return found;
  const all = [...models.values()].filter(({ pinnedCopies, minCopies }) => pinnedCopies > 0 || minCopies > 0);
  standing.set(models, all);
  return all;
}

/** What is known of models has changed. */
export function modelsChanged({ models }: Fleet): void {
  standing.delete(models);
}
