import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRows } from '#embedded';
import { type RunningBerth, startBerth } from './berth.js';
import { type Figure, median, quantile, rounded } from './figure.js';
import { scratchPath } from './scratch.js';
import { sparePorts } from './tools.js';
import { cpuMs } from './usage.js';

const SERVERS = 1_000;
/** By then the tries have backed off to one in 30 s. */
const SETTLES_MS = 120_000;
const REST_MS = 60_000;
const GOAL_CPU_PERCENT = 2;

const WRITES = 200;
/** Before these all is compiled. */
const WARM_UP = 20;
const GOAL_WRITE_MS = 2;

/** What 1,000 servers that refuse every connection cost: at rest, and a write beside them. */
export async function dead(): Promise<Figure[]> {
  const [port] = await sparePorts(1);
  const servers = Array.from({ length: SERVERS }, (_, nth) => {
    // All of 127.0.0.0/8 is this machine, and each address there a server of its own.
    return { id: `dead-${nth}`, grpc: `127.0.${1 + (nth >> 8)}.${nth & 255}:${port}`, metrics: null };
  });
  const berth = await startBerth([], { servers }, { flags: ['--max-semi-space-size=32'] });
  try {
    await sleep(SETTLES_MS);
    const rest = await restFigure(berth);
    return [rest, await writeFigure(berth)];
  } finally {
    await berth.end();
  }
}

async function restFigure({ pid }: RunningBerth): Promise<Figure> {
  const [began, used] = [performance.now(), cpuMs(pid)];
  await sleep(REST_MS);
  const value = ((cpuMs(pid) - used) / (performance.now() - began)) * 100;
  return {
    ...{ name: 'dead_servers_cpu', value, unit: '% of a core at rest', goal: `<= ${GOAL_CPU_PERCENT}` },
    met: value <= GOAL_CPU_PERCENT,
    details: { servers: SERVERS, seconds: REST_MS / 1_000 },
  };
}

/** Each write over the API is followed by one of the same row to a store of its own: what the disk takes is not Berth's. */
async function writeFigure({ http }: RunningBerth): Promise<Figure> {
  const folder = scratchPath();
  await mkdir(folder);
  const rows = await openRows(folder);
  const took = { put: [] as number[], synced: [] as number[] };
  try {
    for (let nth = 0; nth < WARM_UP + WRITES; nth += 1) {
      const text = JSON.stringify({ labels: { nth: String(nth) } });
      took.put.push(await timed(() => put(`${http}/v1/models/written`, text)));
      took.synced.push(await timed(() => rows.write([{ key: 'model/written', text }])));
    }
  } finally {
    await rows.close();
  }
  const [puts, synced] = [took.put.slice(WARM_UP), took.synced.slice(WARM_UP)];
  const value = median(puts) - median(synced);
  return {
    ...{ name: 'dead_servers_put', value, unit: 'ms above the synced write, p50' },
    ...{ goal: `<= ${GOAL_WRITE_MS}`, met: value <= GOAL_WRITE_MS },
    details: {
      ...{ servers: SERVERS, writes: WRITES },
      putMs: { p50: rounded(median(puts)), p99: rounded(quantile(puts, 0.99)) },
      syncedMs: { p50: rounded(median(synced)), p99: rounded(quantile(synced, 0.99)) },
    },
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
