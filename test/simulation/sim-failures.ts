import type { SeedPlayed } from './sim-crew.js';

/** Says of each failing seed what led to it. */
export async function tellFailures(failed: readonly SeedPlayed[], hours: number): Promise<void> {
  for (const { seed, failure, lastLines } of failed) {
    console.log(`\nSEED=${seed} HOURS=${hours} ${failure}\n${lastLines.join('\n')}`);
  }
  return Promise.resolve();
}
