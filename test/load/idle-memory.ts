import { setTimeout as sleep } from 'node:timers/promises';
import { startBerth } from './berth.js';
import { type Child, startChild } from './children.js';
import { collect, COLLECTS } from './collect.js';
import { type Figure, median, rounded } from './figure.js';
import { scratchPath } from './scratch.js';
import { sparePorts } from './tools.js';
import { startSimulatedTriton } from './triton.js';
import { residentMb } from './usage.js';

const GOAL_MB = 30;
const ROUNDS = 3;
const IDLE_MS = 6_000;
/** What V8 keeps for new objects is 2 or 32 MB as chance has it at the start: both sides get little. */
const FLAGS = [...COLLECTS, '--max-semi-space-size=1'];

/** What an idle Berth holds in memory beyond an empty app made of the same parts. */
export async function idleMemory(): Promise<Figure> {
  const triton = await startSimulatedTriton(['idle']);
  const seen = { berth: [] as number[], empty: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const berth = await startBerth([triton], {}, { flags: FLAGS });
      const empty = await startEmpty();
      await sleep(IDLE_MS);
      await collect(berth.pid, empty.pid);
      seen.berth.push(residentMb(berth.pid));
      seen.empty.push(residentMb(empty.pid));
      await empty.end();
      await berth.end();
    }
  } finally {
    await triton.end();
  }
  const [berthMb, emptyMb] = [median(seen.berth), median(seen.empty)];
  return {
    ...{ name: 'idle_memory', value: berthMb - emptyMb, unit: 'MB over an empty Nest app' },
    ...{ goal: `<= ${GOAL_MB}`, met: berthMb - emptyMb <= GOAL_MB },
    details: { berthMb: rounded(berthMb), emptyMb: rounded(emptyMb), rounds: ROUNDS },
  };
}

async function startEmpty(): Promise<Child> {
  const [port] = await sparePorts(1);
  const args = [scratchPath(), `127.0.0.1:${port}`];
  return startChild('test/load/empty-nest.js', { args, flags: FLAGS });
}
