import { expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import type { Mark } from './marks.js';
import type { Plan } from './plan.js';
import { play, type Played } from './play.js';
import { findingsText, investigate } from './sim-failures.js';
import type { SpecOptions } from './sim-options.js';

export const LAST_LINES = 40;
/** A failing plan is reduced for so long, and only the first one. */
const SHRINK_MS = 20_000;

let isInvestigated = false;

/** One test for each seed. Returns the situations met, which are known once these tests have run. */
export function keepPromises({ seeds, hours, isChosen }: SpecOptions): ReadonlySet<Mark> {
  const met = new Set<Mark>();
  for (const seed of seeds) {
    it(`keeps its promises and comes to rest (SEED=${seed})`, async () => {
      const plan = makePlan(seed, { hours });
      const played = await play(plan, { keepsAll: isChosen });
      for (const situation of played.marks.keys()) met.add(situation);
      if (isChosen) process.stdout.write(`${played.lines.join('\n')}\n`);
      expect(await complaint(plan, hours, played)).toBe(undefined);
    });
  }
  return met;
}

/** What was broken, and what led to it; undefined where nothing was. */
async function complaint(
  plan: Plan,
  hours: number,
  { failure, failedAt, lines }: Played,
): Promise<string | undefined> {
  if (failure === undefined) return undefined;
  const text = [`SEED=${plan.seed} HOURS=${hours} ${failure}`, ...lines.slice(-LAST_LINES)];
  if (isInvestigated) return text.join('\n');
  isInvestigated = true;
  const options = { root: process.cwd(), shrinkMs: SHRINK_MS };
  text.push(findingsText(plan, await investigate(plan, { failure, failedAt }, options)));
  return text.join('\n');
}
