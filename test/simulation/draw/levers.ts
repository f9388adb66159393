import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** The operator's levers that are pulled seldom. */
export const drawLevers = (random: Random, cast: Cast): Happening[] => [
  ...drawFreezes(random, cast),
  ...drawReloads(random, cast),
];

/** New versions on disk that are to be taken up. */
function drawReloads(random: Random, { models, storm }: Cast): Happening[] {
  if (!random.chance(0.3)) return [];
  return moments(random, random.spread(10_000, 300_000), storm).map((at): Happening => {
    return { at, kind: 'orderReload', model: random.pickEarly(models).model.id };
  });
}

/** Each ends some time, the last at the end of the storm. */
function drawFreezes(random: Random, { storm }: Cast): Happening[] {
  if (!random.chance(0.25)) return [];
  return moments(random, random.spread(60_000, 600_000), storm).flatMap((at): Happening[] => {
    const end = at + random.spread(500, 60_000);
    return [{ at, kind: 'freeze' }, ...(end < storm ? [{ at: end, kind: 'unfreeze' } as const] : [])];
  });
}
