import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningBerth } from '../berth.js';
import { collect } from '../collect.js';
import { Caller } from '../rpc.js';
import { openFiles, residentMb } from '../usage.js';
import { answersOk, Asker } from './asking.js';
import { type SoakStage, WARM } from './stage.js';
import type { Reading, Watched } from './verdict.js';

const READ_EVERY_MS = 10_000;
const HEALTH_EVERY_MS = 100;
const WARM_EVERY_MS = 50;
const ANSWER_MS = 5_000;
const LAG_EVERY_MS = 50;
const WARM_UP_MS = 60_000;

/** Reads the memory, asks for what is warm and for health, all the time until it is over. */
export async function watch(
  { berth, heapFile }: SoakStage,
  over: AbortSignal,
  collectEveryMs: number,
): Promise<Watched> {
  const caller = new Caller(berth.grpc);
  let nth = 0;
  const warm = new Asker(
    'warm resolve',
    () => resolveWarm(caller, WARM[nth++ % WARM.length]!),
    WARM_EVERY_MS,
  );
  const health = new Asker(
    'health',
    async () => void (await answersOk(`${berth.http}/health/live`, ANSWER_MS)),
    HEALTH_EVERY_MS,
  );
  try {
    const [readings, heapsMb, ownLagMs] = await Promise.all([
      readAll(berth, over),
      collectAll({ berth, heapFile }, over, collectEveryMs),
      longestLag(over),
      warm.until(over),
      health.until(over),
    ]);
    return { readings, heapsMb, ownLagMs, warm: warm.asked, health: health.asked };
  } finally {
    caller.close();
  }
}

/** Resolves once all that is pinned is ready. */
export async function untilWarm(berth: RunningBerth): Promise<void> {
  const caller = new Caller(berth.grpc);
  const giveUpAt = performance.now() + WARM_UP_MS;
  try {
    for (const model of WARM) {
      while (
        !(await resolveWarm(caller, model).then(
          () => true,
          () => false,
        ))
      ) {
        if (performance.now() > giveUpAt) throw new Error(`${model} was not warm within ${WARM_UP_MS} ms`);
        await sleep(LAG_EVERY_MS);
      }
    }
  } finally {
    caller.close();
  }
}

async function resolveWarm(caller: Caller, model: string): Promise<void> {
  const { cold } = await caller.resolve({ model, waitMs: 0 });
  if (cold) throw new Error(`${model} was cold`);
}

async function readAll(berth: RunningBerth, over: AbortSignal): Promise<Reading[]> {
  const began = performance.now();
  const readings: Reading[] = [];
  while (!over.aborted) {
    await sleep(READ_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
    const { pid } = berth;
    readings.push({
      at: performance.now() - began,
      residentMb: residentMb(pid),
      files: openFiles(pid),
    });
    const last = readings.at(-1)!;
    process.stderr.write(
      `soak: ${(last.at / 1_000).toFixed(0)} s, RSS ${last.residentMb.toFixed(0)} MiB, ${last.files} files\n`,
    );
  }
  return readings;
}

/** What of its heap is in use each time it has let go of its garbage. */
async function collectAll(
  { berth, heapFile }: Pick<SoakStage, 'berth' | 'heapFile'>,
  over: AbortSignal,
  everyMs: number,
): Promise<number[]> {
  const heapsMb: number[] = [];
  for (;;) {
    await sleep(everyMs, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return heapsMb;
    await collect(berth.pid);
    const mb = Number(await readFile(heapFile, 'utf8')) / 2 ** 20;
    heapsMb.push(mb);
    process.stderr.write(`soak: ${mb.toFixed(1)} MiB of the heap after a collection\n`);
  }
}

async function longestLag(over: AbortSignal): Promise<number> {
  let longest = 0;
  while (!over.aborted) {
    const began = performance.now();
    await sleep(LAG_EVERY_MS);
    longest = Math.max(longest, performance.now() - began - LAG_EVERY_MS);
  }
  return longest;
}
