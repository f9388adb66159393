import type { LoadGenerator } from './load.js';
import { median, rounded } from './figure.js';
import { cpuMs } from './usage.js';

/** Until then a server still compiles what is called often, and the larger one for longer. */
const WARM_UP_CALLS = 80_000;
const ROUNDS = 9;
const CALLS = 20_000;

/** A server and what calls it. */
export interface Side {
  readonly pid: number;
  readonly load: LoadGenerator;
}

/**
 * How much of the bare server's work is left when Berth answers: CPU time of bare over that of Berth, for the same
 * calls. The two take turns, each round is a pair, and the median of the pairs counts: other work on this machine
 * slows both.
 */
export async function compareCpu(berth: Side, bare: Side) {
  for (const side of [berth, bare]) await side.load.run(WARM_UP_CALLS);
  const pairs: { readonly berth: number; readonly bare: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const berthFirst = round % 2 === 0;
    const first = await cpuUsPerCall(berthFirst ? berth : bare);
    const second = await cpuUsPerCall(berthFirst ? bare : berth);
    pairs.push(berthFirst ? { berth: first, bare: second } : { berth: second, bare: first });
  }
  return {
    ratio: median(pairs.map((pair) => pair.bare / pair.berth)),
    details: {
      berthCpuUs: rounded(median(pairs.map((pair) => pair.berth))),
      bareCpuUs: rounded(median(pairs.map((pair) => pair.bare))),
      ...{ rounds: ROUNDS, callsEach: CALLS, client: berth.load.name },
    },
  };
}

async function cpuUsPerCall({ pid, load }: Side): Promise<number> {
  const before = cpuMs(pid);
  await load.run(CALLS);
  return ((cpuMs(pid) - before) * 1_000) / CALLS;
}
