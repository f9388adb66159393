import type { ModelId } from '#core';
import type { HappeningOf } from '../happenings.js';
import type { Random } from '../random.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

/** How the gateways of one seed are. */
interface Habit {
  /** How much more the popular models are asked for than the others; 1: not at all. */
  readonly slope: number;
  readonly burst: number;
  readonly burstiness: number;
  readonly waits: readonly (number | null)[];
  readonly retries: number;
  readonly retryAfter: number | null;
}

/** What gateways ask, and what they do with the answer. There are quiet times, and what is popular changes. */
export function drawAsks(random: Random, cast: Cast): HappeningOf<'ask'>[] {
  const every = random.spread(1_250, 10_000);
  const habit = drawHabit(random, cast);
  const asks: HappeningOf<'ask'>[] = [];
  for (let begin = 0; begin < cast.storm;) {
    const end = Math.min(cast.storm, begin + random.spread(20_000, 600_000));
    const pace = random.pick([0.2, 1, 1, 1, 3, Infinity]);
    const popular = random.chance(0.5) ? cast.models : rotated(cast.models, random.between(0, 100));
    const due = pace === Infinity ? [] : moments(random, every * pace, end - begin);
    for (const after of due) asks.push(drawAsk(random, begin + after, { ...cast, models: popular }, habit));
    begin = end;
  }
  return asks;
}

function drawHabit(random: Random, { temper }: Cast): Habit {
  return {
    slope: random.pick([1, 2, 2, 4]),
    burst: random.spread(2, Math.min(100, 2 * temper.queue + 10)),
    burstiness: random.pick([0, 0.03, 0.1]),
    // Most callers have a retry budget of none or of few; that of some never holds them back.
    retries: random.pick([0, 0, 0, 0, 0, 0, 1, 1, 3, 20]),
    retryAfter: random.chance(0.5) ? null : random.spread(200, 10_000),
    waits: random.chance(0.5) ? [null] : [null, null, 0, temper.wait, random.spread(100, 60_000)],
  };
}

const rotated = <T>(items: readonly T[], by: number): readonly T[] => {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
};

function drawAsk(random: Random, at: number, cast: Cast, habit: Habit): HappeningOf<'ask'> {
  const { models, servers, temper } = cast;
  const count = random.chance(habit.burstiness) ? random.spread(2, habit.burst) : 1;
  const isKnown = random.chance(0.98);
  const known = random.pickEarly(models, habit.slope).model.id;
  const lease = random.chance(0.5) ? Math.min(10_000, temper.lease) : random.spread(100, temper.lease);
  return {
    at,
    kind: 'ask',
    model: isKnown ? known : (`nobody-${random.between(1, 3)}` as ModelId),
    count,
    version: random.chance(0.95) ? null : random.pick(['1', '7']),
    wait: random.pick(habit.waits),
    lease,
    avoid: random.chance(0.95) ? [] : [random.pick(servers).spec.id],
    useAfter: drawUse(random, lease),
    giveUpAfter: random.chance(0.05) ? random.spread(1, 10_000) : null,
    retries: habit.retries,
    retryAfter: habit.retryAfter,
  };
}

export const CLASSES = ['critical', 'default', 'sheddable'] as const;

/** Few requests state a class. */
export function withClass(random: Random, ask: HappeningOf<'ask'>): HappeningOf<'ask'> {
  if (!random.chance(0.15)) return ask;
  return { ...ask, class: random.pick(CLASSES) };
}

/** Within the lease, sometimes after it, sometimes never. */
function drawUse(random: Random, lease: number): number | null {
  if (random.chance(0.2)) return null;
  return random.chance(0.9) ? Math.floor(random.next() * lease * 0.95) : Math.floor(lease * 1.5);
}
