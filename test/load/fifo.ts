import type { Millis } from '#core';
import { type Figure, rounded } from './figure.js';
import { Caller } from './rpc.js';
import { play } from './storm/open-loop.js';
import { answerCounts, between, isInTime, type Outcome, share } from './storm/outcomes.js';
import { loadsOn, startBerthFor, startFifoFor, startServers } from './storm/stage.js';
import { type Arrival, drawArrivals, drawWorkload, type Phase, type Workload } from './storm/workload.js';

const SEED = 7;
const GOAL = 1.3;
const MINUTE: Millis = 60_000;
/** Memory fills and load times are learned before it counts. */
const PHASES: readonly Phase[] = [
  { lasts: MINUTE, load: 0.8 },
  { lasts: MINUTE, load: Number(process.env['FIFO_LOAD'] ?? 10) },
];
const STORM: Millis = MINUTE;
const END: Millis = 2 * MINUTE;

/** A side that was played. */
interface Played {
  readonly served: number;
  readonly loads: number;
  readonly perLoad: number;
  readonly shareInTime: number;
  readonly answers: Record<string, number>;
}

/** How many requests a load serves in time, beside the same arrivals through a plain FIFO queue of the same length. */
export async function fifo(): Promise<Figure> {
  const workload = drawWorkload(SEED);
  const arrivals = drawArrivals(workload, PHASES, SEED);
  const berth = await playOn('berth', workload, arrivals);
  const plain = await playOn('fifo', workload, arrivals);
  const value = berth.perLoad / plain.perLoad;
  return {
    ...{ name: 'served_per_load', value, unit: 'x that of a plain FIFO queue', goal: `> ${GOAL}` },
    met: value > GOAL,
    details: { berth: told(berth), fifo: told(plain) },
  };
}

async function playOn(
  side: 'berth' | 'fifo',
  workload: Workload,
  arrivals: readonly Arrival[],
): Promise<Played> {
  const servers = await startServers(workload);
  const process = await (side === 'berth' ? startBerthFor : startFifoFor)(workload, servers);
  const caller = new Caller('grpc' in process ? process.grpc : process.line);
  let [before, after] = [0, 0];
  const cues = [
    { at: STORM, act: async () => void (before = await loadsOn(servers)) },
    { at: END, act: async () => void (after = await loadsOn(servers)) },
  ];
  try {
    const outcomes = await play(caller, arrivals, cues);
    return sumUp(between(outcomes, STORM, END), after - before);
  } finally {
    caller.close();
    await process.end();
    for (const server of servers) await server.end();
  }
}

function sumUp(outcomes: readonly Outcome[], loads: number): Played {
  const served = outcomes.filter(isInTime).length;
  return {
    ...{ served, loads, perLoad: served / loads },
    shareInTime: share(outcomes, isInTime),
    answers: answerCounts(outcomes),
  };
}

const told = ({ perLoad, shareInTime, ...rest }: Played): object => ({
  ...rest,
  perLoad: rounded(perLoad),
  shareInTime: rounded(shareInTime),
});
