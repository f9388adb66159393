import type { Fleet } from './fleet-state.js';
import type { Model } from './model.js';

/** Models of a fleet that passes go over, each list in the order of the fleet, and kept until any model changes. */
interface Lists {
  readonly standing: readonly Model[];
  readonly discovered: readonly Model[];
}

const listsByModels = new WeakMap<Fleet['models'], Lists>();

/** Models that are pinned or to be kept warm. */
export const standingModels = ({ models }: Readonly<Fleet>): readonly Model[] => listsOf(models).standing;

/** Models that were discovered, and not declared. */
export const discoveredModels = ({ models }: Readonly<Fleet>): readonly Model[] => listsOf(models).discovered;

function listsOf(models: Fleet['models']): Lists {
  const known = listsByModels.get(models);
  if (known) return known;
  const all = [...models.values()];
  const found = {
    standing: all.filter(({ pinnedCopies, minCopies }) => pinnedCopies > 0 || minCopies > 0),
    discovered: all.filter(({ source }) => source === 'discovered'),
  };
  listsByModels.set(models, found);
  return found;
}

/** What is known of models has changed. */
export function modelsChanged({ models }: Fleet): void {
  listsByModels.delete(models);
}
