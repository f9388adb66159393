import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildOptions, startChild } from './children.js';
import { scratchPath } from './scratch.js';
import { sparePorts } from './tools.js';

const READY_MS = 20_000;
const POLL_MS = 20;

/** A Triton as the configuration names it. */
export interface KnownTriton {
  readonly grpc: string;
  readonly http: string;
  readonly metrics: string;
}

/** Berth as its users run it: a process of its own with its own folder. */
export interface RunningBerth {
  readonly pid: number;
  /** Base URL. */
  readonly http: string;
  /** `host:port`. */
  readonly grpc: string;
  end(): Promise<void>;
  /** Has it end as by a failure that is wanted. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
}

/** Starts the built scheduler in front of these Tritons and waits until it is ready. */
export async function startBerth(
  tritons: readonly KnownTriton[],
  settings: object = {},
  options: ChildOptions = {},
): Promise<RunningBerth> {
  const folder = scratchPath();
  await mkdir(folder);
  const [httpPort, grpcPort] = await sparePorts(2);
  const addresses = { http: `127.0.0.1:${httpPort}`, grpc: `127.0.0.1:${grpcPort}` };
  const config = {
    ...addresses,
    data: join(folder, 'data'),
    servers: tritons.map(({ grpc, http, metrics }, at) => ({ id: `t${at}`, grpc, http, metrics })),
    ...settings,
  };
  const file = join(folder, 'berth.yaml');
  await writeFile(file, JSON.stringify(config));
  const env = { ...options.env, BERTH_CONFIG: file, BERTH_LOG: 'warn' };
  const child = await startChild('apps/scheduler/src/main.js', { ...options, env });
  const berth = {
    pid: child.pid,
    http: `http://${addresses.http}`,
    grpc: addresses.grpc,
    end: () => child.end(),
    kill: (signal: 'SIGKILL' | 'SIGTERM') => child.kill(signal),
  };
  await isReady(berth.http);
  return berth;
}

async function isReady(http: string): Promise<void> {
  const giveUpAt = Date.now() + READY_MS;
  while (!(await fetch(`${http}/health/ready`).catch(() => undefined))?.ok) {
    if (Date.now() > giveUpAt) throw new Error(`Berth was not ready within ${READY_MS} ms`);
    await sleep(POLL_MS);
  }
}
