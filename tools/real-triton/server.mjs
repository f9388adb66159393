/** Starts the installed tritonserver on loopback ports. Used by the test fixture and by `serve.mjs`. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../patience.mjs';

const LOG_TAIL_BYTES = 64 * 1024;
const POLL_MS = 20;
const PORT_CHOICES = 12_000;
const PORT_TRIES = 200;

/** Another process took one of the ports between our asking and Triton's binding it. */
export class PortTaken extends Error {}

/**
 * Ports that no process listens on. They lie below the range the system takes from by itself, so that no outgoing
 * connection gets one of them before, or between, two starts of a server.
 */
export async function sparePorts(count) {
  const ceiling = Math.max(firstEphemeralPort(), 2_048 + PORT_CHOICES);
  const ports = new Set();
  for (let tries = 0; tries < PORT_TRIES && ports.size < count; tries++) {
    const port = ceiling - 1 - Math.floor(Math.random() * PORT_CHOICES);
    if (await isSpare(port)) ports.add(port);
  }
  if (ports.size < count) throw new Error(`no ${count} spare ports below ${ceiling} in ${PORT_TRIES} tries`);
  return [...ports];
}

/** Three in a row, as Berth's `--triton` takes for granted: HTTP one below gRPC, metrics one above. */
export async function neighbouringPorts() {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const [grpc] = await sparePorts(1);
    const [http, metrics] = [grpc - 1, grpc + 1];
    if ((await isSpare(http)) && (await isSpare(metrics))) return { http, grpc, metrics };
  }
  throw new Error(`no three neighbouring spare ports in ${PORT_TRIES} tries`);
}

function firstEphemeralPort() {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
  } catch {
    return 32_768;
  }
}

function isSpare(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Resolves once the server answers on all its ports; a server that does not get that far is ended. */
export async function launchTriton(layout, settings) {
  const child = spawnTriton(layout, settings);
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const failed = new Promise((resolve) => child.once('error', (error) => resolve(error.message)));
  const ended = Promise.race([exited.then(({ code, signal }) => `it ended with ${signal ?? code}`), failed]);
  const problem = await Promise.race([ended, untilLive(child.pid, settings, ended)]);
  if (problem === undefined) return { pid: child.pid, exited };
  child.kill('SIGKILL');
  await ended;
  const log = settings.logFile === undefined ? '' : `\n${tailOf(settings.logFile)}`;
  const Problem = /already in use/i.test(log) ? PortTaken : Error;
  throw new Problem(`Triton ${settings.id} did not start: ${problem}${log}`);
}

function spawnTriton(layout, settings) {
  const log = settings.logFile === undefined ? 'inherit' : openSync(settings.logFile, 'a');
  try {
    const args = ['-I', '-S', '-c', END_WITH_PARENT, String(process.pid), layout.server];
    return spawn(join(layout.pythonFolder, 'python3'), [...args, ...argumentsOf(layout, settings)], {
      env: { ...environmentOf(layout), ...settings.env },
      stdio: ['ignore', log, log],
    });
  } finally {
    if (log !== 'inherit') closeSync(log);
  }
}

/** A test run that is killed must not leave servers behind: the kernel ends them with it (PR_SET_PDEATHSIG). */
const END_WITH_PARENT = `
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
if os.getppid() == int(sys.argv[1]): os.execv(sys.argv[2], sys.argv[2:])
`;

/** The backend's interpreter ignores PYTHONPATH; the `python3` it finds decides which packages it has. */
function environmentOf({ pythonFolder, libraryPath }) {
  const { PATH = '', PYTHONHOME: _, ...rest } = process.env;
  return { ...rest, PATH: [pythonFolder, PATH].join(delimiter), LD_LIBRARY_PATH: libraryPath };
}

function argumentsOf({ backends, caches }, settings) {
  const { id, repository, ports, controlMode = 'explicit', loadThreads = 4, extraArgs = [] } = settings;
  return [
    `--id=${id}`,
    `--model-repository=${repository}`,
    `--model-control-mode=${controlMode}`,
    `--model-load-thread-count=${loadThreads}`,
    `--backend-directory=${backends}`,
    `--cache-directory=${caches}`,
    '--strict-readiness=false',
    '--exit-on-error=false',
    ...['http', 'grpc', 'metrics'].flatMap((api) => [
      `--${api}-address=127.0.0.1`,
      `--${api}-port=${ports[api]}`,
    ]),
    '--allow-gpu-metrics=false',
    '--pinned-memory-pool-byte-size=0',
    `--backend-config=python,shm-region-prefix-name=${settings.sharedMemoryPrefix}`,
    '--backend-config=python,shm-default-byte-size=1048576',
    ...extraArgs,
  ];
}

/** An answer alone proves little: on a taken port it is another server that answers. */
async function untilLive(pid, { ports, liveWithinMs = PATIENCE_MS }, ended) {
  const over = { now: false };
  void ended.then(() => (over.now = true));
  const giveUpAt = Date.now() + liveWithinMs;
  while (!(listensOn(pid, Object.values(ports)) && (await answersOk(ports.http)))) {
    if (over.now) return ended;
    if (Date.now() > giveUpAt) return `it was not live within ${liveWithinMs} ms`;
    await sleep(POLL_MS);
  }
  return undefined;
}

/** Whether the process itself holds the listening sockets of these ports. */
function listensOn(pid, ports) {
  const own = new Set(openSockets(pid));
  const rows = SOCKET_TABLES.flatMap((table) => readFileSync(table, 'utf8').trim().split('\n'));
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const listening = fields.filter(([, , , state, , , , , , inode]) => state === LISTEN && own.has(inode));
  const heard = new Set(listening.map(([, address]) => Number.parseInt(address.split(':')[1], 16)));
  return ports.every((port) => heard.has(port));
}

/** gRPC listens on the IPv4 loopback address by an IPv6 socket. */
const SOCKET_TABLES = ['/proc/net/tcp', '/proc/net/tcp6'].filter((table) => existsSync(table));
const LISTEN = '0A';

function openSockets(pid) {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [],
    );
  } catch {
    return []; // it ended, or closed one between our two looks
  }
}

/** Without keep-alive: an idle HTTP connection holds up the server's exit for as long as it stays open. */
function answersOk(port) {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: '/v2/health/live', agent: false, timeout: 1_000 };
    const request = get(options, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

/** The end of a log; the beginning of a long one is left out. */
export function tailOf(file, bytes = LOG_TAIL_BYTES) {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}
