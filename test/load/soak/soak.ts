/**
 * `npm run soak`: a whole Berth among churn, hostile clients and silent servers, for half an hour. It ends with a table, and
 * with status 1 where memory grew, a warm resolve failed, or a health answer was late.
 */
import { readFile } from 'node:fs/promises';
import { killAll, startChild } from '../children.js';
import type { RunningBerth } from '../berth.js';
import { removeScratch, scratchPath } from '../scratch.js';
import { openSilentServers } from '../silent-servers.js';
import { readOptions, type SoakOptions, USAGE } from './options.js';
import { startStage } from './stage.js';
import { judge, settledAt, type SoakSeen, tableOf } from './verdict.js';
import { untilWarm, watch } from './watch.js';

/** Starting and ending take no longer than this. */
const AROUND_MS = 180_000;
const CROWDS = ['churn', 'hostile'] as const;

process.once('exit', () => {
  killAll();
  removeScratch();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const options = optionsOf(process.argv.slice(2));
setTimeout(
  () => {
    process.stderr.write('soak: it does not end\n');
    process.exit(1);
  },
  options.minutes * 60_000 + AROUND_MS,
).unref();
const seen = await soak(options);
process.stdout.write(tableOf(seen));
process.exit(judge(seen).every(({ met }) => met) ? 0 : 1);

function optionsOf(args: readonly string[]): SoakOptions {
  try {
    return readOptions(args);
  } catch (error) {
    process.stderr.write(`soak: ${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}

async function soak({ minutes, silent }: SoakOptions): Promise<SoakSeen> {
  const servers = await openSilentServers(silent);
  const stage = await startStage(servers);
  try {
    await untilWarm(stage.berth);
    const crowds = await Promise.all(CROWDS.map((kind) => startCrowd(kind, stage.berth)));
    const lastedMs = minutes * 60_000;
    const over = AbortSignal.timeout(lastedMs);
    const watched = await watch(stage, over, settledAt(lastedMs));
    const done = await Promise.all(crowds.map((crowd) => crowd.end()));
    return { ...watched, lastedMs, done: Object.assign({}, ...done) as SoakSeen['done'] };
  } finally {
    await stage.end();
    servers.close();
  }
}

/** Ends with what it has done, by kind. */
async function startCrowd(kind: string, { http, grpc }: RunningBerth) {
  const file = scratchPath();
  const args = [kind, http.replace('http://', ''), grpc, file];
  const child = await startChild('test/load/soak/crowd.js', { args });
  return {
    end: async (): Promise<Record<string, number>> => {
      await child.end();
      return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
    },
  };
}
