import type { ModelId } from '#core';
import type { Happening } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** So many models at most are pinned while another one waits for its room. */
const MAX_PINNED = 3;

/**
 * An operator takes orders back: a model is pinned, and unpinned before there is room for it. Or a model is ordered,
 * and what may be leaving for it is pinned. It takes some tries: there may be room, or no place for the pin.
 */
export function drawChangedMinds(
  random: Random,
  { models, storm }: Pick<Cast, 'models' | 'storm'>,
): Happening[] {
  const free = models.filter(({ model, isDeclared }) => isDeclared && model.pinnedCopies === 0);
  if (free.length < 2 || !random.chance(0.25)) return [];
  const names = free.map(({ model }) => model.id);
  return moments(random, random.spread(40_000, 240_000), storm)
    .flatMap((at) => (random.chance(0.4) ? drawLiftedPin : drawPinnedVictims)(random, at, names))
    .filter(({ at }) => at <= storm);
}

function drawLiftedPin(random: Random, at: number, models: readonly ModelId[]): Happening[] {
  const model = random.pick(models);
  return [
    { at, kind: 'pin', model, copies: 1 },
    { at: at + random.spread(5, 1_000), kind: 'unpin', model },
  ];
}

function drawPinnedVictims(random: Random, at: number, models: readonly ModelId[]): Happening[] {
  const first = random.between(0, models.length - 1);
  const [newcomer, ...others] = [...models.slice(first), ...models.slice(0, first)];
  const victims = others.slice(0, MAX_PINNED);
  const pinnedAt = at + random.spread(5, 1_000);
  const end = pinnedAt + random.spread(5, 5_000);
  return [
    { at, kind: 'orderLoad', model: newcomer! },
    ...victims.map((model): Happening => ({ at: pinnedAt, kind: 'pin', model, copies: 1 })),
    ...victims.map((model): Happening => ({ at: end, kind: 'unpin', model })),
  ];
}
