import type { Millis } from '#core';
import { type Figure, hint } from './figure.js';
import { figuresOf, lineOn, type Result } from './promises/figures.js';
import { playOut } from './promises/playing.js';
import { asksOf, NARROW, type Scenario, scenarios, SMALL } from './promises/scenarios.js';

/** So long is played on altogether from refusals of one scenario, and from so many at least. */
const SAMPLED: Millis = 80_000;
const LEAST_SAMPLES = 4;

/**
 * Whether an admitted request is a promise that holds, and what the promises cost. The core is played in virtual time
 * in front of a small fleet with many models, at loads from half to a hundred times what its slots and swaps can load.
 * `only` chooses the scenarios whose names begin so.
 */
export async function promises(only: string): Promise<Figure[]> {
  const [all, results] = [scenarios(), [] as Result[]];
  const chosen = all.filter(({ name }) => name.startsWith(only));
  if (chosen.length === 0) throw new Error(`--only is one of ${all.map(({ name }) => name).join(', ')}`);
  for (const scenario of chosen) {
    const began = performance.now();
    const result = await resultOf(scenario);
    results.push(result);
    hint(`${lineOn(result)}; ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  }
  return figuresOf(results);
}

async function resultOf(scenario: Scenario): Promise<Result> {
  const asks = asksOf(scenario);
  const samples = Math.max(LEAST_SAMPLES, Math.round(SAMPLED / Math.max(...scenario.waits)));
  const real = await playOut(scenario, asks, samples);
  if (scenario.workload.slow || scenario.spread > NARROW || !scenario.hasTenants) return { scenario, real };
  const own = asks.filter(({ tenant }) => tenant === SMALL);
  return { scenario, real, alone: await playOut(scenario, own) };
}
