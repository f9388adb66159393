import type { ModelId, ServerId } from '#core';
import type { Happening, HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';

/** What the texts say decides whether trying again is worth it. */
export const FAILURES = ['Internal: CUDA out of memory', 'Internal: ValueError: it will not'];

const PASSING = 'Internal: ConnectionRefusedError: [Errno 111] Connection refused';

const STEP = 10_000;
/** So many models are asked for all through a bad spell. */
const ASKED = 12;

/**
 * In some seeds loads fail for minutes: of some models wherever they are, of all on one server, or of all everywhere. All the
 * while callers ask for them, and ask again when they are refused: with a budget and when they are told to, or without and at once.
 */
export function drawBadSpells(random: Random, { models, servers, storm }: Cast): Happening[] {
  if (storm < 300_000 || !random.chance(0.3)) return [];
  const lasts = random.between(60_000, 240_000);
  const at = random.between(0, storm - lasts - STEP);
  const ids = models.map(({ model }) => model.id);
  const few = Array.from({ length: random.between(1, 4) }, () => random.pick(ids));
  const one = random.pick(servers).spec.id;
  const all = servers.map(({ spec }) => spec.id);
  const [failing, where] = random.pick<readonly [readonly ModelId[], readonly ServerId[]]>([
    [[...new Set(few)], all],
    [ids, [one]],
    [ids, all],
  ]);
  const text = random.pick([...FAILURES, PASSING]);
  const fails = where.flatMap((server) =>
    failing.map((model): Happening => ({ at, kind: 'loadFails', server, model, text, lasts })),
  );
  return [...fails, ...drawCallers(random, failing.slice(0, ASKED), { at, lasts })];
}

/** The callers go on for a while when loads succeed again. */
function drawCallers(
  random: Random,
  models: readonly ModelId[],
  { at, lasts }: { readonly at: number; readonly lasts: number },
): HappeningOf<'ask'>[] {
  const manner = random.chance(0.5)
    ? { retries: 2, retryAfter: null }
    : { retries: 60, retryAfter: random.spread(1, 500) };
  const waits = [null, 0, random.spread(1_000, 30_000)];
  const steps = Math.floor(lasts / STEP) + 1;
  return Array.from({ length: steps }, (_, step) => at + STEP * step).flatMap((begin) =>
    models.map((model) => ({
      ...{ at: begin + random.between(0, STEP - 1), kind: 'ask' as const, model },
      ...{ count: random.between(1, 3), version: null, wait: random.pick(waits), lease: 1_000 },
      ...{ avoid: [], useAfter: 0, giveUpAfter: random.chance(0.1) ? random.spread(1, 10_000) : null },
      ...manner,
    })),
  );
}
