import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Crew, type SeedPlayed } from './sim-crew.js';

/** Seed 2 ends the process, seed 3 never ends, and all others are well. */
const WORKER = `
process.on('disconnect', () => process.exit());
process.on('message', ({ seed }) => {
  if (seed === 2) process.exit(3);
  if (seed === 3) return;
  process.send({ seed, turns: 1, marks: [], lastLines: [] });
});
`;
/** So long a seed that never ends is waited for, and far longer than the others take. */
const SEED_MS = 8_000;

let folder: string;
let worker: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-crew-'));
  worker = join(folder, 'worker.mjs');
  writeFileSync(worker, WORKER);
});

afterAll(() => rmSync(folder, { recursive: true }));

async function playedBy(crew: Crew, seeds: readonly number[]): Promise<readonly string[]> {
  const played: SeedPlayed[] = [];
  await crew.play(seeds, 0.1, (one) => played.push(one));
  return played
    .toSorted((one, other) => one.seed - other.seed)
    .map(({ seed, failure = 'is well' }) => `${seed} ${failure}`);
}

describe('a crew', () => {
  it.each([1, 2])('of %i plays on after a seed that ends its process, or does not end', async (jobs) => {
    expect(await playedBy(new Crew(jobs, { worker, seedMs: SEED_MS }), [1, 2, 3, 4, 5])).toEqual([
      '1 is well',
      '2 ends its process (3)',
      '3 does not end within 8 s',
      '4 is well',
      '5 is well',
    ]);
  });

  it('tells nothing more once it is dismissed', async () => {
    const crew = new Crew(1, { worker, seedMs: SEED_MS });
    const played: number[] = [];
    await crew.play([1, 2, 4, 5], 0.1, ({ seed }) => {
      played.push(seed);
      crew.dismiss();
    });
    expect(played).toEqual([1]);
  });
});
