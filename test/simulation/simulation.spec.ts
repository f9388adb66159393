import { describe, expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import { play } from './play.js';
import { keepPromises } from './seeds.js';
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
