/** Starts redis-server on loopback ports, also as a Sentinel. Used by the test fixture and by `serve.mjs`. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../patience.mjs';

const POLL_MS = 20;

/** The name by which the Sentinels of a group know its master. */
export const MASTER_NAME = 'berth';

/**
 * Starts a server with these lines of configuration, in a folder of its own. Resolves with the process once it answers on
 * its port; rejects where it ends before.
 */
export async function launchRedis({ port, folder, settings, isSentinel = false }) {
  const file = join(folder, `${port}.conf`);
  await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...settings, ''].join('\n'));
  const command = [...endsWithParent(), programPath('redis-server') ?? 'redis-server', file];
  if (isSentinel) command.push('--sentinel');
  const child = spawn(command[0], command.slice(1), { stdio: 'ignore' });
  const failed = new Promise((resolve) => child.once('error', resolve));
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    const error = await Promise.race([failed, sleep(POLL_MS)]);
    if (error !== undefined) throw error;
    if (child.exitCode !== null) throw new Error(`redis-server ended with status ${child.exitCode}`);
    if (Date.now() > giveUpAt) throw new Error(`redis-server did not answer within ${PATIENCE_MS} ms`);
  }
  return child;
}

/** What a server of a group is told: it keeps everything in its append-only file, and replicates without delay. */
export function serverSettings(masterPort) {
  const settings = ['save ""', 'appendonly yes', 'repl-diskless-sync-delay 0', 'repl-ping-replica-period 1'];
  return masterPort === undefined ? settings : [...settings, `replicaof 127.0.0.1 ${masterPort}`];
}

/** What a Sentinel of a group is told: two of three have to agree. */
export function sentinelSettings(masterPort, downAfterMs) {
  return [
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${MASTER_NAME} 10000`,
    `sentinel parallel-syncs ${MASTER_NAME} 2`,
  ];
}

/** A run that is killed must not leave servers behind: the kernel ends them with it. */
function endsWithParent() {
  const setpriv = programPath('setpriv');
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL'];
}

function programPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether any answer comes back, also that a password is wanted. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const settle = (isUp) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('data', (text) => settle(!text.toString().startsWith('-LOADING')));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
