import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** The operator's levers that are pulled seldom: freezes, each of which ends some time. */
export function drawLevers(random: Random, { storm }: Cast): Happening[] {
  if (!random.chance(0.25)) return [];
  return moments(random, random.spread(60_000, 600_000), storm).flatMap((at): Happening[] => {
    const end = at + random.spread(500, 60_000);
    return [{ at, kind: 'freeze' }, ...(end < storm ? [{ at: end, kind: 'unfreeze' } as const] : [])];
  });
}
