import type { ModelId } from '#core';
import type { HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import { CLASSES } from './asks.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** The tenant of a request where a plan says nothing of it. */
export const ANONYMOUS = 'anonymous';

const QUIET = ['red', 'green', 'blue', 'grey'] as const;
const STEP = 250;

/** In some seeds there are several tenants, one of which asks most. */
export function withTenants(
  random: Random,
  asks: readonly HappeningOf<'ask'>[],
): readonly HappeningOf<'ask'>[] {
  const tenants = QUIET.slice(0, random.pick([0, 0, 2, 4]));
  return tenants.length === 0 ? asks : asks.map((ask) => ({ ...ask, tenant: random.pickEarly(tenants) }));
}

/** In some seeds one tenant asks for more than there may wait, at once and again, while others ask for the same model. */
export function drawFloods(random: Random, { models, storm, temper }: Cast): HappeningOf<'ask'>[] {
  if (!random.chance(0.4)) return [];
  const most = Math.min(200, 3 * temper.queue + 10);
  const retries = random.pick([0, 0, 1]);
  return moments(random, random.spread(30_000, 300_000), storm - 10_000).flatMap((begin) => {
    const { id } = random.pick(models).model;
    return Array.from({ length: random.between(2, 8) }, (_, step) => begin + STEP * step).flatMap((at) => [
      asking(random, { at, model: id, tenant: 'flood', count: random.spread(2, most), retries }),
      asking(random, {
        ...{ at: at + random.between(0, STEP), model: id, count: random.between(1, 6) },
        ...{ tenant: random.pick(QUIET), retries },
      }),
    ]);
  });
}

interface Who {
  readonly at: number;
  readonly model: ModelId;
  readonly tenant: string;
  readonly count: number;
  readonly retries: number;
}

const asking = (random: Random, who: Who): HappeningOf<'ask'> => ({
  ...who,
  kind: 'ask',
  version: null,
  ...(random.chance(0.3) ? { class: random.pick(CLASSES) } : {}),
  wait: null,
  lease: 1_000,
  avoid: [],
  useAfter: 0,
  giveUpAfter: null,
  retryAfter: null,
});
