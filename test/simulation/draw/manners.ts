import type { Model } from '#core';
import type { PlannedModel } from '../plan.js';
import type { Random } from '../random.js';

/** What is done of copies that misbehave, for each model: of a stream of its own, so that all else stays as it was. */
export const withManners = (random: Random, models: readonly PlannedModel[]): PlannedModel[] =>
  models.map((planned) => ({ ...planned, model: { ...planned.model, ...drawManners(random) } }));

const drawManners = (random: Random): Pick<Model, 'onFailing'> => ({
  onFailing: random.chance(0.5) ? 'replace' : 'flag',
});
