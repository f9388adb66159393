import type { ModelId, ServerId } from '#core';
import type { HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** What gateways ask, and what they do with the answer. */
export function drawAsks(random: Random, cast: Cast): HappeningOf<'ask'>[] {
  const every = random.pick([300, 1_000, 3_000]);
  return moments(random, every, cast.storm).map((at) => drawAsk(random, at, cast));
}

function drawAsk(random: Random, at: number, { models, servers }: Cast): HappeningOf<'ask'> {
  const count = random.chance(0.1) ? random.between(2, 12) : 1;
  const isKnown = random.chance(0.97);
  const model = isKnown ? random.pickEarly(models).model.id : (`nobody-${random.between(1, 3)}` as ModelId);
  const lease = random.pick([1_000, 10_000, 10_000, 30_000]);
  return {
    at,
    kind: 'ask',
    model,
    count,
    version: random.chance(0.9) ? null : random.pick(['1', '7']),
    wait: random.pick([null, null, 0, 500, 5_000, 20_000, 60_000]),
    lease,
    avoid: random.chance(0.9) ? [] : [random.pick(servers).spec.id satisfies ServerId],
    useAfter: drawUse(random, lease),
    giveUpAfter: random.chance(0.05) ? random.between(0, 3_000) : null,
  };
}

/** Within the lease, sometimes after it, sometimes never. */
function drawUse(random: Random, lease: number): number | null {
  if (random.chance(0.2)) return null;
  return random.chance(0.9) ? Math.floor(random.next() * lease * 0.95) : lease * 1.5;
}
