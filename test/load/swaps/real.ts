import { setTimeout as sleep } from 'node:timers/promises';
import type { Millis, ModelId } from '#core';
import type { RunningBerth } from '../berth.js';
import { type Figure, hint, median, rounded } from '../figure.js';
import { coreOf } from '../promises/cores.js';
import { Caller } from '../rpc.js';
import { ask as askOnce, type Cue } from '../storm/open-loop.js';
import { answerCounts, isInTime } from '../storm/outcomes.js';
import { startBerthFor, startServers } from '../storm/stage.js';
import type { Answered, Ask } from '../storm/virtual-site.js';
import { BASELINE_MB, heldMb } from '../storm/workload.js';
import type { SimulatedServer } from '../triton.js';
import { LEASE } from './callers.js';
import { CALM_LOAD_MS, SWAP_UNLOAD_MS } from './fleets.js';
import { coldWaits } from './playing.js';
import { realScenarios, type Scenario } from './scenarios.js';
import { staysOf } from './truths.js';

const GIB = 2 ** 30;
/** Where a victim is in use it has to be waited for. The calls and the looks take time here. */
const CALM_GOAL: Millis = LEASE + SWAP_UNLOAD_MS + CALM_LOAD_MS + 150;
/** Beside the Berth of another checkout. */
const CHURN_GOAL = 0.97;

/** A machine that others keep busy makes Berth lag: what it refuses for that says nothing of swaps. */
const NO_SHEDDING = { shedAtLagMs: null };

/** What was seen of one Berth. */
interface Seen {
  readonly outcomes: readonly Answered[];
  readonly loads: Readonly<Record<string, number>>;
}

/**
 * Calm and churn with processes: a Berth in front of simulated Tritons, and that of another checkout where `before` names
 * one. What others take is taken when they come: they get no more where memory becomes free later.
 */
export async function realSwaps(only: string, before?: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const scenario of realScenarios().filter(({ name }) => name.startsWith(only))) {
    const ours = await playReal(scenario);
    const older = before === undefined ? undefined : await playReal(scenario, coreOf(before));
    const rows = { ours: rowOf(ours), ...(older && { before: rowOf(older) }) };
    hint(`${scenario.name}, with processes: ${JSON.stringify(rows)}`);
    figures.push(scenario.kind === 'calm' ? calmFigure(ours, rows) : churnFigure(ours, older, rows));
  }
  return figures;
}

async function playReal(scenario: Scenario, dist?: URL): Promise<Seen> {
  const { workload, truth, learned, end } = scenario;
  const tritons = await startServers(workload, (model) => truth.takes(model as ModelId));
  const options = dist === undefined ? {} : { dist };
  const settings = { servers: serversOf(scenario, tritons), limits: NO_SHEDDING };
  const berth = await startBerthFor(workload, tritons, options, settings);
  const caller = new Caller(berth.grpc);
  try {
    const outcomes = await asked(caller, scenario, foreignCues(scenario, tritons));
    const counted = outcomes.filter(({ at }) => at >= learned && at < end);
    return { outcomes: counted, loads: await loadsOf(berth) };
  } finally {
    caller.close();
    await berth.end();
    for (const triton of tritons) await triton.end();
  }
}

/** With their devices, since those that are found in the metrics are not measured where there are several. */
const serversOf = ({ workload }: Scenario, tritons: readonly SimulatedServer[]): object[] =>
  tritons.map(({ grpc, http, metrics }, at) => ({
    ...{ id: `t${at}`, grpc, http, metrics },
    devices: Array.from({ length: workload.gpus }, (_, ordinal) => ({
      ...{ ordinal, uuid: `GPU-t${at}-${ordinal}`, memoryMb: workload.gpuMb },
      headroomMb: heldMb(workload) - BASELINE_MB,
    })),
  }));

function foreignCues({ visits, workload }: Scenario, tritons: readonly SimulatedServer[]): Cue[] {
  if (!visits) return [];
  return staysOf(visits, workload).flatMap(({ from, until, server, device }): Cue[] => {
    const triton = tritons[Number(server.slice(1))]!;
    return [
      { at: from, act: () => triton.takeForeign(device, visits.gib * GIB) },
      { at: until, act: () => triton.takeForeign(device, 0) },
    ];
  });
}

/** Each caller asks when it is due; after its answer it asks for what comes next, as long as that is before the end. */
async function asked(caller: Caller, { demand, end }: Scenario, cues: readonly Cue[]): Promise<Answered[]> {
  const began = performance.now();
  const since = (): Millis => performance.now() - began;
  const outcomes: Answered[] = [];
  const goOn = async (first: Ask): Promise<void> => {
    let ask: Ask | null = first;
    while (ask !== null && ask.at < end) {
      await sleep(Math.max(0, ask.at - since()));
      const answered: Answered = await askOnce(caller, ask, since);
      outcomes.push(answered);
      ask = demand.next(answered);
    }
  };
  const acted = cues
    .filter(({ at }) => at < end)
    .map(async ({ at, act }) => {
      await sleep(at);
      await act();
    });
  await Promise.all([...demand.asks.map(goOn), ...acted]);
  return outcomes;
}

/** How many loads ended how, by the metrics of a Berth. All that fail here run out of memory. */
async function loadsOf({ http }: RunningBerth): Promise<Record<string, number>> {
  const text = await (await fetch(`${http}/metrics`)).text();
  const lines = text.matchAll(/^berth_load_seconds_count\{outcome="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
}

const servedOf = ({ outcomes }: Seen): number => outcomes.filter(isInTime).length;

function rowOf(seen: Seen): object {
  const cold = coldWaits(seen.outcomes);
  const mean = cold.reduce((sum, one) => sum + one, 0) / cold.length;
  return {
    ...{ answers: servedOf(seen), coldMs: { mean: rounded(mean), p50: rounded(median(cold)) } },
    ...{ loads: seen.loads, ranOut: seen.loads['failed'] ?? 0, told: answerCounts(seen.outcomes) },
  };
}

function calmFigure(ours: Seen, rows: object): Figure {
  const value = median(coldWaits(ours.outcomes));
  return {
    ...{ name: 'swaps_real_calm_cold', value, unit: 'ms, p50 of cold waits, with processes' },
    ...{ goal: `<= ${CALM_GOAL}`, met: value <= CALM_GOAL, details: { ...rows } },
  };
}

function churnFigure(ours: Seen, older: Seen | undefined, rows: object): Figure {
  const value = older === undefined ? NaN : servedOf(ours) / servedOf(older);
  return {
    ...{ name: 'swaps_real_churn', value, unit: 'requests served, x those before, with processes' },
    ...{ goal: `>= ${CHURN_GOAL}`, met: older === undefined || value >= CHURN_GOAL, details: { ...rows } },
  };
}
