import type { HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';

const STEP = 500;

/** Many ask at once, again and again, for a model of which there may be more copies: its queues fill. */
export function drawRushes(random: Random, { models, storm }: Cast): HappeningOf<'ask'>[] {
  const many = models.filter(({ model, isDeclared }) => isDeclared && (model.maxCopies ?? 1) > 1);
  if (many.length === 0 || storm < 60_000) return [];
  const { model } = random.pick(many);
  const begin = random.between(0, storm - 40_000);
  const count = random.between(3, 12);
  const steps = random.between(20, 60);
  return Array.from({ length: steps }, (_, step) => ({
    at: begin + STEP * step,
    kind: 'ask',
    model: model.id,
    count,
    version: null,
    wait: null,
    lease: 5_000,
    avoid: [],
    useAfter: 0,
    giveUpAfter: null,
    retries: 0,
    retryAfter: null,
  }));
}
