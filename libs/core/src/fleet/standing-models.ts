import type { Fleet } from './fleet-state.js';
import type { Model } from './model.js';

/** Lists of models, in the order of the fleet. */
export interface ModelLists {
  readonly standing: readonly Model[];
  readonly discovered: readonly Model[];
}

/** Models that are pinned or to be kept warm. */
export const standingModels = (fleet: Readonly<Fleet>): readonly Model[] => listsOf(fleet).standing;

/** Models that were discovered, and not declared. */
export const discoveredModels = (fleet: Readonly<Fleet>): readonly Model[] => listsOf(fleet).discovered;

function listsOf({ index, models }: Readonly<Fleet>): ModelLists {
  if (index.models) return index.models;
  const all = [...models.values()];
  index.models = {
    standing: all.filter(({ pinnedCopies, minCopies }) => pinnedCopies > 0 || minCopies > 0),
    discovered: all.filter(({ source }) => source === 'discovered'),
  };
  return index.models;
}
