import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { play } from './play.js';
import { readPlan } from './read-plan.js';
import { LAST_LINES } from './seeds.js';
import { REGRESSIONS } from './sim-failures.js';

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
