import type { Happening, HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';

/** How long after a request something happens that was aimed there: while the model is on its way. */
const SOON = 5_000;

/**
 * Moves some of what happens to shortly after an ask of the same model, or of any where it is about none. Left to
 * chance alone an order hardly ever meets a model that is placed, loading or leaving: those times are short.
 */
export function aimed(
  random: Random,
  happenings: readonly Happening[],
  { asks, storm }: { readonly asks: readonly HappeningOf<'ask'>[]; readonly storm: number },
): Happening[] {
  const share = random.pick([0, 0.2, 0.5]);
  return happenings.map((happening) => {
    const isAimed = random.chance(share);
    const after = random.spread(1, SOON);
    const targets =
      'model' in happening
        ? asks.filter(({ model }) => model === happening.model)
        : (asks as readonly Happening[]);
    if (!isAimed || targets.length === 0) return happening;
    const at = random.pick(targets).at + after;
    return at < storm ? { ...happening, at } : happening;
  });
}
