/**
 * `npm run sim`: plays many seeds on all cores, or one plan from a file, and says what came of it. Exit status: 0 all
 * promises were kept, 1 one was broken (or a long run never met a rare situation), 2 usage.
 */
import { readFileSync } from 'node:fs';
import { RARE_MARKS } from './marks.js';
import { NoPlan, readPlan } from './read-plan.js';
import { play } from './play.js';
import { Crew } from './sim-crew.js';
import { tellFailures } from './sim-failures.js';
import { BadOption, readOptions, type SimOptions, USAGE } from './sim-options.js';
import { progressLine, Tally, tallyLines } from './sim-tally.js';

/** From so many simulated hours on, every rare situation has to come up. */
const LONG_RUN_HOURS = 200;
const PROGRESS_MS = 5_000;
const LAST_LINES = 40;

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options.plan !== undefined) await playPlan(options.plan);
    else await playSeeds(options);
  } catch (error) {
    if (!isUsage(error)) throw error;
    console.error(`berth: ${error.message}`);
    if (error instanceof BadOption) console.error(`usage: ${USAGE}`);
    process.exitCode = 2;
  }
}

const isUsage = (error: unknown): error is Error => error instanceof BadOption || error instanceof NoPlan;

async function playPlan(path: string): Promise<void> {
  const plan = readPlan(textOf(path));
  const { failure, lines, digest, ...counts } = await play(plan);
  console.log(`turns ${counts.turns}, events ${counts.events}, simulated ${counts.simulated} ms, ${digest}`);
  if (failure === undefined) return console.log('all promises were kept');
  console.log(`${lines.slice(-LAST_LINES).join('\n')}\n${failure}`);
  process.exitCode = 1;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BadOption(`--plan ${path} cannot be read: ${(error as Error).message}`);
  }
}

async function playSeeds(options: SimOptions): Promise<void> {
  const { seeds, from, hours, jobs } = options;
  const crew = new Crew(jobs);
  const tally = new Tally();
  const began = performance.now();
  const tellProgress = (): void => console.error(progressLine(tally, seeds, performance.now() - began));
  const progress = setInterval(tellProgress, PROGRESS_MS);
  endWhenAsked(crew);
  await crew.play(numbers(from, seeds), hours, (played) => {
    tally.add(played);
    if (played.failure !== undefined) console.error(`SEED=${played.seed} ${played.failure}`);
  });
  clearInterval(progress);
  if (process.exitCode === INTERRUPTED) return tellProgress();
  console.log(tallyLines(tally, RARE_MARKS, performance.now() - began).join('\n'));
  await tellFailures(tally.violations(), hours);
  const isLong = seeds * hours >= LONG_RUN_HOURS;
  const isLacking = isLong && tally.neverReached(RARE_MARKS).length > 0;
  if (isLacking) console.log('\nFAILED: a run as long as this has to meet every rare situation');
  if (isLacking || tally.failed.length > 0) process.exitCode = 1;
}

const INTERRUPTED = 130;

/** Whoever ends us ends all of it, and is told how far it came. */
function endWhenAsked(crew: Crew): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.exitCode = INTERRUPTED;
      crew.dismiss();
    });
  }
}

const numbers = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

await main();
