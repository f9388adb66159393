/** Plays seeds in a process of its own, one after the other, as `sim-crew.ts` hands them out. */
import { makePlan } from './make-plan.js';
import { play } from './play.js';
import type { SeedPlayed, SeedWanted } from './sim-crew.js';

/** Of a failing seed: enough to begin with, all of it is in its recording. */
const LAST_LINES = 40;

/** The parent has gone: no process is left to play for. */
process.on('disconnect', () => process.exit());
/** The whole group hears it; the process that hands the seeds out decides what becomes of its workers. */
process.on('SIGINT', () => {});
process.on('message', (wanted: SeedWanted) => void answer(wanted));

async function answer({ seed, hours }: SeedWanted): Promise<void> {
  const { marks, lines, failure, failedAt, turns, events, simulated } = await play(
    makePlan(seed, { hours }),
    { hashes: false },
  );
  const played: SeedPlayed = {
    seed,
    failure,
    failedAt,
    turns,
    events,
    simulated,
    marks: [...marks],
    lastLines: failure === undefined ? [] : lines.slice(-LAST_LINES),
  };
  process.send!(played);
}
