import type { Role } from '#access';
import { type IssuedKey, issueKey } from '../support/issued-key.js';
import { type RunningBerth, startBerth } from './berth.js';
import { compareCpu, type Side } from './compare.js';
import type { Figure } from './figure.js';
import { grpcLoad, httpLoad } from './load.js';
import { Caller, ROUTER } from './rpc.js';
import { startSimulatedTriton } from './triton.js';

const MODEL = 'warm';
const GRPC_GOAL = 0.95;
const HTTP_GOAL = 0.92;
const KEYS = 1_000;
const ROLE: Role = 'gateway';

type LoadOf = (berth: RunningBerth, headers: IssuedKey['headers']) => Side['load'];

/**
 * What a warm route costs where callers need keys, beside the same Berth without authentication; both without TLS. The calls are
 * the same: Berth without authentication is sent the key, too, and does not read it. So the cost of carrying one more header,
 * which is that of HTTP/2 and HTTP/1.1 in Node, is on both sides.
 */
export async function accessWarm(): Promise<Figure[]> {
  const { path, requestSerialize } = ROUTER['Resolve']!;
  const message = requestSerialize({ model: MODEL });
  const overGrpc: LoadOf = ({ grpc }, headers) => grpcLoad(grpc, path, message, headers);
  const overHttp: LoadOf = ({ http }, headers) =>
    httpLoad(`${http}/v1/models/${MODEL}/resolve`, '{}', headers);
  return [
    await paired('access_warm_grpc', GRPC_GOAL, overGrpc),
    await paired('access_warm_http', HTTP_GOAL, overHttp),
  ];
}

async function paired(name: string, goal: number, loadOf: LoadOf): Promise<Figure> {
  const keys = Array.from({ length: KEYS }, (_, nth) => issueKey(`key-${nth}`, ROLE));
  const { headers } = keys[KEYS / 2]!;
  const guarded = await startWarm({ auth: { keys: keys.map(({ line }) => line) } }, headers);
  const open = await startWarm({}, {});
  try {
    const { ratio, details } = await compareCpu(
      { pid: guarded.berth.pid, load: loadOf(guarded.berth, headers) },
      { pid: open.berth.pid, load: loadOf(open.berth, headers) },
    );
    const { berthCpuUs: withKeyCpuUs, bareCpuUs: withoutAuthCpuUs, ...rest } = details;
    return {
      ...{
        name,
        value: ratio,
        unit: 'share of the throughput without auth by server CPU, for the same calls',
      },
      ...{ goal: `>= ${goal}`, met: ratio >= goal },
      details: { withKeyCpuUs, withoutAuthCpuUs, keys: KEYS, ...rest },
    };
  } finally {
    await guarded.end();
    await open.end();
  }
}

/** A Berth with a warm model. */
async function startWarm(settings: object, headers: IssuedKey['headers']) {
  const triton = await startSimulatedTriton([MODEL]);
  const berth = await startBerth([triton], settings);
  const caller = new Caller(berth.grpc, headers);
  await caller.resolve({ model: MODEL });
  const { cold } = await caller.resolve({ model: MODEL });
  caller.close();
  if (cold) throw new Error('the model is not warm');
  const end = async (): Promise<void> => {
    await berth.end();
    await triton.end();
  };
  return { berth, end };
}
