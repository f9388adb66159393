import { Agent, request } from 'node:http';
import { Envoy } from '../../support/envoy.js';
import { type RunningBerth, startBerth } from '../berth.js';
import { type Child, startChild } from '../children.js';
import { compareCpu } from '../compare.js';
import { type Figure, median, rounded } from '../figure.js';
import { httpLoad } from '../load.js';
import { Caller } from '../rpc.js';
import { startSimulatedTriton } from '../triton.js';

const MODEL = 'warm';
const PATH = `/v2/models/${MODEL}/infer`;
const CPU_GOAL = 1.3;
const P50_GOAL = 1.15;
const CALLS = 3_000;
const BODY_BYTES = 10_000_000;
const BODY_GOAL_KIB = 128;

/** What a warm pick costs, beside a picker that always says the same: Envoy is the same, and so is the upstream. */
export async function envoyFigures(): Promise<Figure[]> {
  const upstream = await startChild('test/load/envoy/bare-upstream.js');
  const triton = await startSimulatedTriton([MODEL]);
  const berth = await startBerth([{ ...triton, http: `http://${upstream.line}` }]);
  const bare = await startChild('test/load/envoy/bare-picker.js', { args: [upstream.line] });
  const envoys = [
    await Envoy.start({ berths: [berth.grpc] }),
    await Envoy.start({ berths: [bare.line] }),
  ] as const;
  try {
    await isWarm(berth);
    return [await cpu(berth, bare, envoys), await p50(envoys), await shipped(envoys[0])];
  } finally {
    for (const envoy of envoys) await envoy.close();
    for (const one of [bare, berth, triton, upstream]) await one.end();
  }
}

async function isWarm({ grpc }: RunningBerth): Promise<void> {
  const caller = new Caller(grpc);
  await caller.resolve({ model: MODEL }).finally(() => caller.close());
}

type Envoys = readonly [berth: Envoy, bare: Envoy];

async function cpu(berth: RunningBerth, bare: Child, envoys: Envoys): Promise<Figure> {
  const [ours, theirs] = envoys.map(({ address }) => httpLoad(`http://${address}${PATH}`, '{}'));
  const { ratio, details } = await compareCpu(
    { pid: berth.pid, load: ours! },
    { pid: bare.pid, load: theirs! },
  );
  return {
    ...{ name: 'envoy_pick_cpu', value: 1 / ratio, unit: 'server CPU per pick, times that of a bare picker' },
    ...{ goal: `<= ${CPU_GOAL}`, met: 1 / ratio <= CPU_GOAL, details },
  };
}

/** The two take turns, request by request. */
async function p50([ours, bare]: Envoys): Promise<Figure> {
  const agent = new Agent({ keepAlive: true });
  const times: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  for (let nth = 0; nth < CALLS; nth += 1) {
    times.ours.push(await timed(agent, ours));
    times.bare.push(await timed(agent, bare));
  }
  agent.destroy();
  const value = median(times.ours) / median(times.bare);
  return {
    ...{ name: 'envoy_pick_p50', value, unit: 'P50 through Envoy, times that with a bare picker' },
    ...{ goal: `<= ${P50_GOAL}`, met: value <= P50_GOAL },
    details: { oursMs: rounded(median(times.ours)), bareMs: rounded(median(times.bare)), calls: CALLS },
  };
}

async function timed(agent: Agent, envoy: Envoy): Promise<number> {
  const began = performance.now();
  await post(agent, envoy, '{}');
  return performance.now() - began;
}

function post(agent: Agent, { address }: Envoy, body: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(`http://${address}${PATH}`, { method: 'POST', agent }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`Envoy answered ${response.statusCode}`));
      });
    });
    sent.once('error', reject).end(body);
  });
}

/** How much of a long body reaches Berth. */
async function shipped(envoy: Envoy): Promise<Figure> {
  const sent = (): Promise<number> => envoy.stat('cluster.berth.upstream_cx_tx_bytes_total');
  const before = await sent();
  await post(new Agent(), envoy, Buffer.alloc(BODY_BYTES));
  const value = ((await sent()) - before) / 2 ** 10;
  return {
    ...{
      name: 'envoy_body',
      value,
      unit: `KiB that reach Berth of a body of ${BODY_BYTES / 1e6} MB over HTTP`,
    },
    ...{ goal: `<= ${BODY_GOAL_KIB}`, met: value <= BODY_GOAL_KIB, details: {} },
  };
}
