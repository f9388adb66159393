import type { Millis } from '#core';
import { collectedMb, COLLECTS } from './collect.js';
import type { Figure } from './figure.js';
import { Caller } from './rpc.js';
import { type Cue, play } from './storm/open-loop.js';
import {
  criticalFigure,
  goodputFigure,
  memoryFigure,
  recoveryFigure,
  type Seen,
  warmFigure,
} from './storm/overload-figures.js';
import { loadsOn, startBerthFor, startServers } from './storm/stage.js';
import { drawArrivals, drawWorkload, type Phase, type Workload } from './storm/workload.js';
import { cpuMs } from './usage.js';

const SEED = 6;
const MINUTE: Millis = 60_000;
const USUAL = 0.8;
/** Memory fills and load times are learned in the first; the second is what is normal, and the last is to be so again. */
const PHASES: readonly Phase[] = [
  { lasts: MINUTE, load: USUAL },
  { lasts: MINUTE, load: USUAL },
  { lasts: 5 * MINUTE, load: 10 },
  { lasts: MINUTE, load: USUAL },
];
const TIMES = { normal: MINUTE, storm: 2 * MINUTE, after: 7 * MINUTE, end: 8 * MINUTE };

/** Ten times as many cold requests as the load slots can load, for five minutes. */
export async function overload(): Promise<Figure[]> {
  const workload = drawWorkload(SEED);
  const seen = await storm(workload);
  return [
    goodputFigure(workload, seen),
    criticalFigure(workload, seen),
    memoryFigure(seen),
    recoveryFigure(workload, seen),
    warmFigure(seen),
  ];
}

async function storm(workload: Workload): Promise<Seen> {
  const servers = await startServers(workload);
  const berth = await startBerthFor(workload, servers, { flags: COLLECTS });
  const caller = new Caller(berth.grpc);
  const read = async (): Promise<readonly [number, number]> => [await loadsOn(servers), cpuMs(berth.pid)];
  const at = { begun: [0, 0] as readonly [number, number], over: [0, 0] as readonly [number, number] };
  const heldMb = { early: 0, late: 0 };
  const cues: Cue[] = [
    { at: TIMES.storm, act: async () => void (at.begun = await read()) },
    { at: TIMES.storm + MINUTE, act: async () => void (heldMb.early = await collectedMb(berth.pid)) },
    { at: TIMES.after, act: async () => void (at.over = await read()) },
    { at: TIMES.after, act: async () => void (heldMb.late = await collectedMb(berth.pid)) },
  ];
  try {
    const outcomes = await play(caller, drawArrivals(workload, PHASES, SEED), cues);
    const [loads, cpu] = [at.over[0] - at.begun[0], at.over[1] - at.begun[1]];
    return { outcomes, times: TIMES, heldMb, loads, cpuShare: cpu / (TIMES.after - TIMES.storm) };
  } finally {
    caller.close();
    await berth.end();
    for (const server of servers) await server.end();
  }
}
