import { type Figure, hint } from './figure.js';
import { coreOf } from './promises/cores.js';
import { figuresOf, lineOn, type Result } from './swaps/figures.js';
import { playOut } from './swaps/playing.js';
import { type Scenario, scenarios } from './swaps/scenarios.js';

/**
 * What a swap costs, and how often a load runs out of memory, on a core in virtual time. Its servers read their GPUs every
 * 2 s, as Triton does. The same is played before the core of another checkout where `before` names one. `only` chooses the scenarios whose names begin so.
 */
export async function swaps(only: string, before?: string): Promise<Figure[]> {
  const [all, results] = [scenarios(), [] as Result[]];
  const chosen = all.filter(({ name }) => name.startsWith(only));
  const names = [...new Set(all.map(({ name }) => name))];
  if (chosen.length === 0) throw new Error(`--only is one of ${names.join(', ')}`);
  for (const scenario of chosen) {
    const began = performance.now();
    const result = await resultOf(scenario, before);
    results.push(result);
    hint(`${lineOn(result)}; ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }
  return figuresOf(results);
}

async function resultOf(scenario: Scenario, before?: string): Promise<Result> {
  const ours = await playOut(scenario, 'ours');
  if (before === undefined) return { scenario, sides: { ours } };
  const older = await playOut(scenario, coreOf(before));
  if (older.loads === 0)
    throw new Error(`the core of ${before} loaded nothing: it expects other signals than these`);
  return { scenario, sides: { ours, before: older } };
}
