import assert from 'node:assert/strict';
import fc from 'fast-check';
import { it } from '@jest/globals';
import { describeReal, type RealTritonKit } from '../support/real-triton.js';
import { PATIENCE_MS } from '../support/until.js';
import { Pair } from './pair.js';
import { pathOfLongOne, sequences, StepCommand } from './sequences.js';
import type { Step } from './step.js';

/**
 * `SEED=n` begins with another one, `SEQUENCES=n` plays more and tells of each when it is through, `LANES=n` plays more
 * at a time, `REPLAY='path replayPath'` plays a shrunk one again, and `STEPS='[...]'` the steps that were printed, on the
 * servers of that SEED: those of every fourth complete configs.
 */
const { SEED, SEQUENCES, LANES, REPLAY, STEPS } = process.env;
const FIRST = Number(SEED ?? 1);
const COUNT = Number(SEQUENCES ?? 20);
const LANE_COUNT = Number(LANES ?? 4);
const [PATH, REPLAY_PATH] = REPLAY?.split(' ') ?? [];
/** One seed of so many has servers that complete configs; a load takes ten times as long there. */
const AUTO_COMPLETING = 4;
const SHRINK_MS = 60_000;
/** Enough for the sequences one after another, and to shrink one. */
const TIMEOUT_MS = COUNT * PATIENCE_MS + SHRINK_MS;

describeReal('a simulated Triton beside a real one', (kit) => {
  if (STEPS !== undefined) {
    it(
      'tells the same through the steps that were given',
      async () => {
        const steps = JSON.parse(STEPS) as readonly Step[];
        const commands = steps.map((step) => new StepCommand(step));
        assert.equal(await playSequence(kit, isAutoCompleting(FIRST), commands), commands.length);
      },
      TIMEOUT_MS,
    );
    return;
  }

  it(
    `tells the same through ${COUNT} sequences from SEED=${FIRST}`,
    async () => {
      const seeds = Array.from({ length: COUNT }, (_, at) => FIRST + at);
      const lanes = Array.from({ length: LANE_COUNT }, () => playAll(kit, seeds));
      const played = (await Promise.all(lanes)).flat();
      const steps = played.reduce((sum, { length }) => sum + length, 0);
      process.stdout.write(`likeness: ${played.length} sequences of ${steps} steps in all\n`);
      const failures = played.flatMap(({ failure }) => failure ?? []);
      if (failures.length > 0) assert.fail(failures.join('\n\n'));
      assert.equal(played.length, COUNT);
    },
    TIMEOUT_MS,
  );
});

interface Played {
  readonly length: number;
  readonly failure: string | undefined;
}

async function playAll(kit: RealTritonKit, seeds: number[]): Promise<readonly Played[]> {
  const played: Played[] = [];
  for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
    const one = await playOne(kit, seed);
    if (one.failure !== undefined) seeds.length = 0;
    if (SEQUENCES !== undefined) process.stdout.write(`${seedText(seed)}: ${one.length} steps\n`);
    played.push(one);
  }
  return played;
}

async function playOne(kit: RealTritonKit, seed: number): Promise<Played> {
  let length = 0;
  let shrinksUntil = Infinity;
  const property = fc.asyncProperty(sequences(REPLAY_PATH), async (commands) => {
    if (Date.now() > shrinksUntil) return;
    try {
      length = Math.max(length, await playSequence(kit, isAutoCompleting(seed), commands));
    } catch (error) {
      shrinksUntil = Math.min(shrinksUntil, Date.now() + SHRINK_MS);
      throw error;
    }
  });
  const details = await fc.check(property, {
    seed,
    path: PATH ?? pathOfLongOne(seed),
    numRuns: 1,
    unbiased: true,
  });
  return { length, failure: details.failed ? report(details, seed) : undefined };
}

async function playSequence(
  kit: RealTritonKit,
  autoComplete: boolean,
  commands: Iterable<StepCommand>,
): Promise<number> {
  const pair = await Pair.open(kit, autoComplete);
  try {
    await fc.asyncModelRun(() => ({ model: pair, real: pair }), commands);
    return pair.done.length;
  } finally {
    await pair.close();
  }
}

function report(details: fc.RunDetails<[Iterable<StepCommand>]>, seed: number): string {
  const steps = details.counterexample === null ? '' : fc.stringify(details.counterexample[0]);
  const replayPath = /replayPath="([^"]*)"/.exec(steps)?.[1] ?? '';
  const again = `SEED=${seed} SEQUENCES=1 REPLAY='${details.counterexamplePath} ${replayPath}'`;
  const error = details.errorInstance instanceof Error ? details.errorInstance.message : '';
  return `${steps}\n${error}\n${seedText(seed)}; ${again}`;
}

const isAutoCompleting = (seed: number): boolean => seed % AUTO_COMPLETING === AUTO_COMPLETING - 1;

const seedText = (seed: number): string =>
  `SEED=${seed}${isAutoCompleting(seed) ? ' (configs are completed)' : ''}`;
