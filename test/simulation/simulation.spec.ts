import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import { play } from './play.js';
import { readPlan } from './read-plan.js';
import { keepPromises, LAST_LINES } from './seeds.js';
import { REGRESSIONS } from './sim-failures.js';
import { readVariables } from './sim-options.js';

const { seeds, hours, isChosen } = readVariables(process.env);

describe('a fleet under faults', () => {
  keepPromises({ seeds, hours, isChosen });

  it('goes the same way twice', async () => {
    const plan = makePlan(seeds.at(-1)!, { hours });
    const { digest, turns } = await play(plan);
    expect(turns).toBeGreaterThan(0);
    expect((await play(plan)).digest).toBe(digest);
  });
});

/** Plans that once broke a promise, reduced to what can be read. */
describe('what was broken once', () => {
  const files = existsSync(REGRESSIONS)
    ? readdirSync(REGRESSIONS).filter((file) => file.endsWith('.json'))
    : [];
  for (const file of files) {
    it(`is kept now: ${file}`, async () => {
      const plan = readPlan(readFileSync(join(REGRESSIONS, file), 'utf8'));
      const { failure, lines } = await play(plan);
      expect(failure && `${plan.title}\n${failure}\n${lines.slice(-LAST_LINES).join('\n')}`).toBe(undefined);
    });
  }
});
