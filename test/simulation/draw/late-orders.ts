import type { ModelId } from '#core';
import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/**
 * Orders that arrive late: sent into a network that takes seconds, just before Berth dies. The next Berth begins at once,
 * finds the network well, and is to load the same model while the first order is still under way. It takes some tries:
 * the model may be where it is to go already, or there may be no room for it.
 */
export function drawLateOrders(
  random: Random,
  { models, storm }: Pick<Cast, 'models' | 'storm'>,
): Happening[] {
  if (!random.chance(0.25)) return [];
  return moments(random, random.spread(60_000, 600_000), storm)
    .flatMap((at) => drawLateOrder(random, at, random.pick(models).model.id))
    .filter(({ at }) => at <= storm);
}

function drawLateOrder(random: Random, at: number, model: ModelId): Happening[] {
  const longest = random.spread(500, 10_000);
  const lasts = random.spread(5, 300);
  const downFor = random.spread(1, 100);
  const isLoad = random.chance(0.8);
  return [
    { at, kind: 'slowNetwork', longest, lasts },
    isLoad ? { at, kind: 'orderLoad', model } : { at, kind: 'orderUnload', model, force: true },
    { at: at + lasts, kind: 'berthCrash', downFor },
    { at: at + lasts + downFor + random.spread(1, 300), kind: 'orderLoad', model },
  ];
}
