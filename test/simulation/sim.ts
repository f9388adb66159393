/**
 * `npm run sim`: plays many seeds on all cores, or one plan from a file, and says what came of it. Exit status: 0 all
 * promises were kept, 1 one was broken (or a long run never met a rare situation), 2 usage, 130 it was interrupted.
 */
import { readFileSync } from 'node:fs';
import { makePlan } from './make-plan.js';
import { RARE_MARKS } from './marks.js';
import { NoPlan, readPlan } from './read-plan.js';
import { play } from './play.js';
import { Crew, type SeedPlayed } from './sim-crew.js';
import { findingsText, investigate } from './sim-failures.js';
import { BadOption, readOptions, type SimOptions, USAGE } from './sim-options.js';
import { progressLine, Tally, tallyLines } from './sim-tally.js';

/** From so many simulated hours on, every rare situation has to come up. */
const LONG_RUN_HOURS = 200;
const PROGRESS_MS = 5_000;
const LAST_LINES = 40;
const MAX_INVESTIGATED = 3;
const SHRINK_MS = 60_000;

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
  const { failure, lines, digest, marks, ...counts } = await play(plan);
  const idle = [...marks].flatMap(([name, times]) => (name.endsWith(' not now') ? times : []));
  const missed = idle.reduce((sum, times) => sum + times, 0);
  if (missed > 0)
    console.log(`${missed} of ${plan.happenings.length} happenings made no sense when their time came`);
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
  if (process.exitCode === INTERRUPTED) tellProgress();
  console.log(tallyLines(tally, RARE_MARKS, performance.now() - began).join('\n'));
  if (process.exitCode === INTERRUPTED) return;
  await tellFailures(tally.violations(), hours);
  const isLong = seeds * hours >= LONG_RUN_HOURS;
  const isLacking = isLong && tally.neverReached(RARE_MARKS).length > 0;
  if (isLacking) console.log('\nFAILED: a run as long as this has to meet every rare situation');
  if (isLacking || tally.failed.length > 0) process.exitCode = 1;
}

/**
 * Each failure is told with what led to it; the first few are recorded and reduced, too, but for those that took their
 * process along: they would take this one.
 */
async function tellFailures(failed: readonly SeedPlayed[], hours: number): Promise<void> {
  for (const [nth, { seed, failure, failedAt, lastLines }] of failed.entries()) {
    console.log(`\nSEED=${seed} HOURS=${hours} ${failure}`);
    if (nth >= MAX_INVESTIGATED || failedAt === undefined) continue;
    console.log(lastLines.join('\n'));
    const plan = makePlan(seed, { hours });
    console.error(`reducing the plan of seed ${seed}, for ${SHRINK_MS / 1_000} s at most`);
    const options = { root: process.cwd(), shrinkMs: SHRINK_MS };
    console.log(findingsText(plan, await investigate(plan, { failure, failedAt }, options)));
  }
}

const INTERRUPTED = 130;

/** A signal ends all workers, and how far they came is told. */
function endWhenAsked(crew: Crew): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.exitCode = INTERRUPTED;
      if (!crew.dismiss()) process.exit();
    });
  }
}

const numbers = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

await main();
