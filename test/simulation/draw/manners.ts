import type { Model } from '#core';
import type { PlannedModel } from '../plan.js';
import type { Random } from '../random.js';

/**
 * What is done of copies that misbehave, and which models their backends spread over all GPUs of a server: of a stream of
 * its own, so that all else stays as it was.
 */
export const withManners = (random: Random, models: readonly PlannedModel[]): PlannedModel[] =>
  models.map((planned) => {
    const model = { ...planned.model, ...drawManners(random) };
    const least = random.pick([1, 2]);
    const isSpread = random.chance(0.12) && maySpread(planned);
    return isSpread ? spread({ ...planned, model }, least) : { ...planned, model };
  });

const drawManners = (random: Random): Pick<Model, 'onFailing' | 'onLimitExceeded'> => ({
  onFailing: random.chance(0.5) ? 'replace' : 'flag',
  onLimitExceeded: random.pick(['warn', 'unload', 'quarantine']),
});

/** A pin was drawn for what fitted without; what is only found is booked on all devices anyway; what needs no GPU is on none. */
const maySpread = ({ model, disk, isDeclared }: PlannedModel): boolean =>
  isDeclared && model.pinnedCopies === 0 && model.gpuBytes > 0 && disk.steps === undefined;

/** An autoscaler brings no more GPUs to a server. */
const MAX_DEVICES = 8;

/** A set for each number of GPUs that a server may have, but for those with too few. */
function spread({ model, disk, ...rest }: PlannedModel, least: number): PlannedModel {
  const all = Array.from({ length: MAX_DEVICES }, (_, ordinal) => ordinal);
  const deviceSets = all.map((last) => all.slice(0, last + 1)).filter(({ length }) => length >= least);
  const config = { ...disk.config, instance_group: [{ kind: 'KIND_MODEL', count: 1 }] };
  return {
    ...rest,
    model: { ...model, config: null, deviceSets },
    disk: { ...disk, config, spreadsOver: all },
  };
}
