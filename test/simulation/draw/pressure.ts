import type { PressureLevel } from '#core';
import type { HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** How far it rises, one step after the other. */
const RISES: readonly (readonly PressureLevel[])[] = [
  ['high'],
  ['high', 'severe'],
  ['severe', 'high'],
  ['high', 'severe', 'extreme'],
  ['extreme', 'severe', 'high'],
];

/** In some seeds Berth's process is pressed by its own work, for seconds or minutes, up and down, again and again. */
export function drawPressure(random: Random, { storm }: Cast): HappeningOf<'pressure'>[] {
  if (!random.chance(0.4)) return [];
  return moments(random, random.spread(20_000, 300_000), storm)
    .flatMap((begin) => {
      let at = begin;
      return [...random.pick(RISES), 'none' as const].map((level) => {
        const step = { at, kind: 'pressure', level } as const;
        at += random.spread(500, 60_000);
        return step;
      });
    })
    .filter(({ at }) => at <= storm);
}
