import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRows } from '#store-sqlite';
import { type RunningBerth, startBerth } from './berth.js';
import { type Figure, median, quantile, rounded } from './figure.js';
import { scratchPath } from './scratch.js';
import { sparePorts } from './tools.js';
import { cpuMs } from './usage.js';

const SERVERS = 1_000;
/** By then the tries have backed off to one in 30 s. */
const SETTLES_MS = 90_000;
const REST_MS = 30_000;
const GOAL_CPU_PERCENT = 2;

const WRITES = 200;
/** Before these all is compiled. */
const WARM_UP = 20;
const GOAL_WRITE_MS = 2;

/** What was seen of one Berth. */
interface Seen {
  /** At rest, in percent of a core. */
  readonly cpu: number;
  /** How long each write over the API took, and each write of the same row to a store of its own, in ms. */
  readonly putMs: readonly number[];
  readonly syncedMs: readonly number[];
}

/** What 1,000 servers that refuse every connection cost: at rest, beside a Berth in front of one, and a write beside them. */
export async function dead(): Promise<Figure[]> {
  const [alone, among] = [await seenBeside(1), await seenBeside(SERVERS)];
  return [restFigure(alone, among), writeFigure(alone, among)];
}

async function seenBeside(count: number): Promise<Seen> {
  const [port] = await sparePorts(1);
  const servers = Array.from({ length: count }, (_, nth) => {
    // All of 127.0.0.0/8 is this machine, and each address there a server of its own.
    return { id: `dead-${nth}`, grpc: `127.0.${1 + (nth >> 8)}.${nth & 255}:${port}`, metrics: null };
  });
  const berth = await startBerth([], { servers }, { flags: ['--max-semi-space-size=32'] });
  try {
    await sleep(SETTLES_MS);
    return { cpu: await cpuAtRest(berth), ...(await writes(berth)) };
  } finally {
    await berth.end();
  }
}

async function cpuAtRest({ pid }: RunningBerth): Promise<number> {
  const [began, used] = [performance.now(), cpuMs(pid)];
  await sleep(REST_MS);
  return ((cpuMs(pid) - used) / (performance.now() - began)) * 100;
}

/** Each write over the API is followed by one of the same row to a store of its own: what the disk takes is not Berth's. */
async function writes({ http }: RunningBerth): Promise<Pick<Seen, 'putMs' | 'syncedMs'>> {
  const folder = scratchPath();
  await mkdir(folder);
  const rows = await openRows(folder);
  const took = { put: [] as number[], synced: [] as number[] };
  try {
    for (let nth = 0; nth < WARM_UP + WRITES; nth += 1) {
      const text = JSON.stringify({ labels: { nth: String(nth) } });
      took.put.push(await timed(() => put(`${http}/v1/models/written`, text)));
      took.synced.push(await timed(async () => void (await rows.write([{ key: 'model/written', text }]))));
    }
  } finally {
    await rows.close();
  }
  return { putMs: took.put.slice(WARM_UP), syncedMs: took.synced.slice(WARM_UP) };
}

function restFigure(alone: Seen, among: Seen): Figure {
  const value = among.cpu - alone.cpu;
  return {
    ...{
      name: 'dead_servers_cpu',
      value,
      unit: '% of a core more than beside one',
      met: value <= GOAL_CPU_PERCENT,
    },
    goal: `<= ${GOAL_CPU_PERCENT}`,
    details: { servers: SERVERS, seconds: REST_MS / 1_000, one: rounded(alone.cpu), all: rounded(among.cpu) },
  };
}

function writeFigure(alone: Seen, among: Seen): Figure {
  const above = ({ putMs, syncedMs }: Seen): number => median(putMs) - median(syncedMs);
  const told = ({ putMs, syncedMs }: Seen) => ({
    put: [median(putMs), quantile(putMs, 0.99)].map(rounded),
    synced: [median(syncedMs), quantile(syncedMs, 0.99)].map(rounded),
  });
  const value = above(among);
  return {
    ...{
      name: 'dead_servers_put',
      value,
      unit: 'ms above the synced write, p50',
      met: value <= GOAL_WRITE_MS,
    },
    goal: `<= ${GOAL_WRITE_MS}`,
    details: { servers: SERVERS, writes: WRITES, besideOne: told(alone), besideAll: told(among) },
  };
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function put(url: string, body: string): Promise<void> {
  const answer = await fetch(url, {
    ...{ method: 'PUT', body },
    headers: { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
}
