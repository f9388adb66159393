import { type RunningBerth, startBerth } from './berth.js';
import { startChild } from './children.js';
import { compareCpu } from './compare.js';
import type { Figure } from './figure.js';
import { grpcLoad, httpLoad } from './load.js';
import { Caller, ROUTER, type Route } from './rpc.js';
import { startSimulatedTriton } from './triton.js';

const MODEL = 'warm';
const GRPC_GOAL = 0.8;
const HTTP_GOAL = 0.6;

/** What a warm route costs through Berth, by gRPC and by HTTP, beside servers that do nothing but answer. */
export async function warm(): Promise<Figure[]> {
  return [await withWarmModel(byGrpc), await withWarmModel(byHttp)];
}

/** Each has a Berth of its own, which was asked nothing else before. */
async function withWarmModel(
  measure: (berth: RunningBerth, route: Route) => Promise<Figure>,
): Promise<Figure> {
  const triton = await startSimulatedTriton([MODEL]);
  const berth = await startBerth([triton]);
  const caller = new Caller(berth.grpc);
  try {
    await caller.resolve({ model: MODEL });
    const route = await caller.resolve({ model: MODEL });
    if (route.cold) throw new Error('the model is not warm');
    return await measure(berth, route);
  } finally {
    caller.close();
    await berth.end();
    await triton.end();
  }
}

async function byGrpc(berth: RunningBerth, route: Route): Promise<Figure> {
  const bare = await startChild('test/load/bare-grpc.js', { args: [JSON.stringify(route)] });
  const { path, requestSerialize } = ROUTER['Resolve']!;
  const message = requestSerialize({ model: MODEL });
  try {
    const { ratio, details } = await compareCpu(
      { pid: berth.pid, load: grpcLoad(berth.grpc, path, message) },
      { pid: bare.pid, load: grpcLoad(bare.line, path, message) },
    );
    return ratioFigure('warm_resolve_grpc', ratio, GRPC_GOAL, { ...details, bare: 'grpc-js' });
  } finally {
    await bare.end();
  }
}

async function byHttp(berth: RunningBerth, route: Route): Promise<Figure> {
  const bare = await startChild('test/load/bare-http.js', { args: [JSON.stringify(route)] });
  const path = `/v1/models/${MODEL}/resolve`;
  try {
    const { ratio, details } = await compareCpu(
      { pid: berth.pid, load: httpLoad(`${berth.http}${path}`, '{}') },
      { pid: bare.pid, load: httpLoad(`${bare.line}${path}`, '{}') },
    );
    return ratioFigure('warm_resolve_http', ratio, HTTP_GOAL, { ...details, bare: 'fastify' });
  } finally {
    await bare.end();
  }
}

const ratioFigure = (name: string, value: number, goal: number, details: Figure['details']): Figure => ({
  ...{ name, value, unit: 'share of the bare throughput by server CPU', goal: `>= ${goal}` },
  met: value >= goal,
  details,
});
