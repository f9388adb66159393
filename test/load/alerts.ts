import { aBody, anAlert } from '../support/alert-bodies.js';
import { startBerth } from './berth.js';
import { type Figure, median, rounded } from './figure.js';
import { startSimulatedTriton } from './triton.js';
import { sparePorts } from './tools.js';
import { cpuMs } from './usage.js';

const ALERTS = 400;
const GOAL_MS = 500;
const ROUNDS = 10;
const WARM = 'warm';

type Result = 'done' | 'repeated' | 'undone';
type Took = Readonly<Record<Result, number[]>>;

/** How long a body of 400 alerts takes: each drains a server of its own, says the same again, and is resolved and undone. */
export async function alerts(): Promise<Figure> {
  const triton = await startSimulatedTriton([WARM]);
  const [port] = await sparePorts(1);
  // All of 127.0.0.0/8 is this machine, and each address there a server of its own.
  const others = Array.from({ length: ALERTS }, (_, nth) => {
    return { id: `s${nth}`, grpc: `127.0.${1 + (nth >> 8)}.${nth & 255}:${port}`, metrics: null };
  });
  const { grpc, http: url, metrics } = triton;
  const rule = {
    match: { alertname: 'GpuEccErrors' },
    do: 'drain',
    server: 'instance',
    whenResolved: 'undo',
  };
  const berth = await startBerth([], {
    servers: [{ id: 't', grpc, http: url, metrics }, ...others],
    webhooks: { alertmanager: [rule] },
  });
  const took: Took = { done: [], repeated: [], undone: [] };
  let used = 0;
  try {
    const before = cpuMs(berth.pid);
    for (let round = 0; round < ROUNDS; round += 1) {
      const bodies = bodiesOf(
        others.map((server) => server.grpc),
        round,
      );
      for (const result of ['done', 'repeated', 'undone'] as const)
        took[result].push(await post(berth.http, bodies[result], result));
    }
    used = cpuMs(berth.pid) - before;
  } finally {
    await berth.end();
    await triton.end();
  }
  return figureOf(took, used / ROUNDS / 3);
}

function figureOf({ done, repeated, undone }: Took, cpu: number): Figure {
  const value = Math.max(...done, ...repeated, ...undone);
  return {
    ...{ name: 'alerts', value, unit: `ms for a body of ${ALERTS} alerts, the slowest of all` },
    ...{ goal: `<= ${GOAL_MS}`, met: value <= GOAL_MS },
    details: {
      firstMs: rounded(done[0]!),
      doneMs: rounded(median(done)),
      repeatedMs: rounded(median(repeated)),
      undoneMs: rounded(median(undone)),
      cpuMsEach: rounded(cpu),
    },
  };
}

/** An episode of each alert, with the labels that exporters usually give. */
function bodiesOf(instances: readonly string[], round: number): Record<Result, string> {
  const startsAt = `2026-11-28T08:${String(round).padStart(2, '0')}:28.123Z`;
  const of = (status: 'firing' | 'resolved'): string => {
    const all = instances.map((instance, nth) =>
      anAlert({
        status,
        startsAt,
        labels: { instance, gpu: String(nth % 8), job: 'dcgm', node: `gpu-node-${nth}` },
      }),
    );
    return JSON.stringify(aBody(all));
  };
  return { done: of('firing'), repeated: of('firing'), undone: of('resolved') };
}

/** How long a body takes, in ms. Throws where not all of its alerts came to `result`. */
async function post(http: string, body: string, result: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const began = performance.now();
  const answer = await fetch(`${http}/v1/webhooks/alertmanager`, { method: 'POST', headers, body });
  const told = await answer.text();
  const took = performance.now() - began;
  if (told !== JSON.stringify({ results: { [result]: ALERTS } }))
    throw new Error(`the alerts came to ${told}`);
  return took;
}
