import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RunRecorder } from '#recording';
import { Tries } from './ddmin.js';
import type { Plan } from './plan.js';
import { play } from './play.js';
import { type Outcome, shrink, type Shrunk } from './shrink.js';
import { slugOf } from './shrink-kind.js';
import { planInShort, planText } from './shrink-text.js';

/** Where reduced plans are kept that once broke something: each is played in every run from then on. */
export const REGRESSIONS = join('test', 'simulation', 'regressions');
const SCRATCH = join('.cache', 'simulation');
const MAX_TRIES = 2_000;

interface Findings {
  /** The turns that led to it, a file for each life of Berth. */
  readonly recordings: readonly string[];
  readonly shrunk: Shrunk;
  /** The file with the reduced plan. */
  readonly kept: string;
}

/**
 * Plays a failing plan once more and records it, reduces it within `shrinkMs`, and keeps what is left. It goes to the
 * regressions, or to `.cache` where no person is there to commit it (CI=true). Paths are seen from `root`.
 */
export async function investigate(
  plan: Plan,
  failed: Outcome,
  { root, shrinkMs }: { readonly root: string; readonly shrinkMs: number },
): Promise<Findings> {
  const name = `${slugOf(failed.failure!)}-seed-${plan.seed}`;
  const recordings = await record(plan, join(root, SCRATCH), name);
  const giveUpAt = performance.now() + shrinkMs;
  const tries = new Tries(MAX_TRIES, () => performance.now() < giveUpAt);
  const shrunk = await shrink(plan, failed, { playIt: (one) => play(one), tries });
  const folder = join(root, process.env['CI'] === 'true' ? SCRATCH : REGRESSIONS);
  mkdirSync(folder, { recursive: true });
  const kept = freePath(folder, name);
  writeFileSync(kept, planText(titled(shrunk)));
  return { recordings: recordings.map((path) => relative(root, path)), shrunk, kept: relative(root, kept) };
}

/** All that a person needs to go on with. */
export function findingsText(plan: Plan, { recordings, shrunk, kept }: Findings): string {
  return [
    `recorded: ${recordings.join(', ')} (berthctl replay)`,
    `reduced from ${plan.happenings.length} to ${shrunk.plan.happenings.length} happenings in ${shrunk.tries} tries:`,
    planInShort(shrunk.plan),
    shrunk.failure,
    `kept: ${kept} (npm run sim -- --plan ${kept})`,
  ].join('\n');
}

/** What is kept under that name already may be another plan, and committed. */
function freePath(folder: string, name: string): string {
  const path = (nth: number): string => join(folder, `${name}${nth === 1 ? '' : `-${nth}`}.json`);
  let nth = 1;
  while (existsSync(path(nth))) nth += 1;
  return path(nth);
}

const titled = ({ plan: { version, ...rest }, failure }: Shrunk): Plan => ({
  version,
  title: failure.split('\n', 1)[0]!.slice(0, 1_000),
  ...rest,
});

async function record(plan: Plan, folder: string, name: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const recorder = new RunRecorder({
    pathOf: (life) => join(folder, `${name}-life-${life}.jsonl`),
    about: { berth: 'simulation', node: process.version, fleet: `seed ${plan.seed}` },
    recordedAt: new Date().toISOString(),
  });
  await play(plan, { observers: [recorder] });
  recorder.close();
  return recorder.paths;
}
