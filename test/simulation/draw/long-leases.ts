import type { ModelId } from '#core';
import type { Happening, HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** So long before, in ms, what is to be leased is asked for: it serves by then, where there is room. */
const WARM_BY = 20_000;
/** So long after, it is to leave: by then a new life has found it, and grants nothing by itself any more. */
const LEAVES_AFTER = 40_000;

/** Berth ends shortly after it has given a long lease, in order or not, and its successor is to unload what was leased. */
export function drawLongLeases(
  random: Random,
  { models, storm }: Pick<Cast, 'models' | 'storm'>,
): Happening[] {
  if (!random.chance(0.3)) return [];
  return moments(random, random.spread(120_000, 600_000), storm)
    .flatMap((at): Happening[] => {
      const model = random.pickEarly(models).model.id;
      const end = random.pick(['berthStop', 'berthStop', 'berthCrash'] as const);
      return [
        ask(model, Math.max(0, at - WARM_BY), 1_000),
        ask(model, at, random.between(60_000, 600_000)),
        { at: at + random.spread(1, 3_000), kind: end, downFor: random.spread(100, 10_000) },
        { at: at + LEAVES_AFTER, kind: 'orderUnload', model, force: false },
      ];
    })
    .filter(({ at }) => at <= storm);
}

const ask = (model: ModelId, at: number, lease: number): HappeningOf<'ask'> => ({
  ...{ at, kind: 'ask', model, count: 1, version: null, wait: null, lease },
  ...{ avoid: [], useAfter: null, giveUpAfter: null, retries: 0, retryAfter: null },
});
