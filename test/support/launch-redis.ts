/** Starts redis-server on loopback ports, also as a Sentinel. It runs under Jest and from `dist/` alike. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
/** Only what hangs takes so long. */
const GIVE_UP_MS = 240_000;

/** The name by which the Sentinels of a group know its master. */
export const MASTER_NAME = 'berth';

export interface Launch {
  readonly port: number;
  /** A folder of its own. */
  readonly folder: string;
  /** Lines of configuration. */
  readonly settings: readonly string[];
  readonly isSentinel: boolean;
}

/** Resolves with the process once it answers on its port; rejects where it ends before. */
export async function launchRedis({ port, folder, settings, isSentinel }: Launch): Promise<ChildProcess> {
  const file = join(folder, 'redis.conf');
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...settings, ''].join('\n'));
  const args = [...endsWithParent(), programPath('redis-server') ?? 'redis-server', file];
  const [program = '', ...rest] = isSentinel ? [...args, '--sentinel'] : args;
  const child = spawn(program, rest, { stdio: 'ignore' });
  const failure: { error?: Error } = {};
  child.once('error', (error) => (failure.error = error));
  await waitFor(async () => {
    if (failure.error) throw failure.error;
    if (child.exitCode !== null) throw new Error(`redis-server ended with status ${child.exitCode}`);
    return answers(port);
  });
  return child;
}

/** Asks until the answer is true. Rejects as soon as asking rejects, or where it takes far too long. */
export async function waitFor(ask: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (!(await ask())) {
    if (performance.now() > giveUpAt) throw new Error(`not within ${GIVE_UP_MS} ms: ${String(ask)}`);
    await sleep(POLL_MS);
  }
}

/** What a server is told: it keeps everything in its append-only file, and replicates without delay. */
export function serverSettings(masterPort?: number): string[] {
  const settings = ['save ""', 'appendonly yes', 'repl-diskless-sync-delay 0', 'repl-ping-replica-period 1'];
  return masterPort === undefined ? settings : [...settings, `replicaof 127.0.0.1 ${masterPort}`];
}

/** What a Sentinel is told: two of three have to agree. */
export function sentinelSettings(masterPort: number, downAfterMs: number): string[] {
  return [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${MASTER_NAME} 10000`,
    `sentinel parallel-syncs ${MASTER_NAME} 2`,
  ];
}

/** A run that is killed must not leave servers behind: the kernel ends them with it. */
function endsWithParent(): string[] {
  const setpriv = programPath('setpriv');
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
}

function programPath(program: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether any answer comes back, also that a password is wanted. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', (text) => settle(!text.toString().startsWith('-LOADING')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
