/**
 * What a newcomer does, done by CI: `npm start`, wait until it is ready, ask where a sample model is, end it.
 * Prints one line a step; status 1 where one of them fails.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.mjs';
import { sparePorts } from './real-triton/server.mjs';
import { ROOT } from './set-up.mjs';

/** Of the log of the service, shown where a step fails. */
const LOG_CHARS = 8_000;

const data = mkdtempSync(join(tmpdir(), 'berth-smoke-'));
const [http, grpc] = await sparePorts(2);
const env = {
  ...process.env,
  BERTH_HTTP: `127.0.0.1:${http}`,
  BERTH_GRPC: `127.0.0.1:${grpc}`,
  BERTH_DATA: data,
};
const service = spawn('npm', ['start'], {
  cwd: ROOT,
  env,
  detached: true,
  stdio: ['ignore', 'pipe', 'pipe'],
});
let log = '';
for (const stream of [service.stdout, service.stderr]) {
  stream.on('data', (chunk) => (log = (log + chunk).slice(-LOG_CHARS)));
}
const ended = new Promise((resolve) => service.once('exit', (code, signal) => resolve(code ?? signal)));

try {
  await step('npm start is ready', isReady);
  await step('resnet50 has a server', resolvesSample);
  await step('what README.md tries is answered', answersReadme);
  await step('SIGTERM ends it with status 0', endsWhenAsked);
} catch (error) {
  console.log(`smoke: FAILED: ${error.message}\n${log}`);
  process.exitCode = 1;
} finally {
  killAll(service.pid);
  rmSync(data, { recursive: true, force: true });
}

async function step(name, work) {
  const started = performance.now();
  await work().catch((error) => {
    throw new Error(`${name}: ${error.message}`);
  });
  console.log(`smoke: ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

/** The service with all that it started; no harm if they are gone. */
function killAll(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

async function isReady() {
  const deadline = Date.now() + PATIENCE_MS;
  let last = 'no answer';
  while (Date.now() < deadline) {
    if (service.exitCode !== null) throw new Error(`ended with status ${service.exitCode}`);
    const answer = await ask('GET', '/health/ready', PATIENCE_MS).catch((error) => ({
      status: error.message,
    }));
    if (answer.status === 200) return;
    last = answer.status;
    await sleep(100);
  }
  throw new Error(`not within ${PATIENCE_MS} ms, last: ${last}`);
}

async function resolvesSample() {
  const { status, body } = await ask('POST', '/v1/models/resnet50/resolve', PATIENCE_MS, {
    waitMs: PATIENCE_MS,
  });
  const server = JSON.parse(body).server;
  if (status !== 200 || !server?.id || !server?.grpc) throw new Error(`answer ${status} ${body}`);
}

async function answersReadme() {
  const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').match(/^curl .*$/gm) ?? [];
  if (lines.length === 0) throw new Error('there is no curl in it');
  for (const line of lines) {
    const { method, path, body } = readCurl(line);
    const { status, body: answer } = await ask(method, path, PATIENCE_MS, body);
    if (status >= 300) throw new Error(`${line}: answer ${status} ${answer}`);
  }
}

function readCurl(line) {
  const words = line.match(/'[^']*'|\S+/g).map((word) => word.replace(/^'|'$/g, ''));
  const after = (flag) => (words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined);
  const url = words.find((word) => word.startsWith('http://127.0.0.1:7080/'));
  const body = after('-d');
  return { method: after('-X') ?? 'GET', path: new URL(url).pathname, body: body && JSON.parse(body) };
}

async function endsWhenAsked() {
  service.kill('SIGTERM');
  const status = await Promise.race([
    ended,
    sleep(PATIENCE_MS, `still alive after ${PATIENCE_MS} ms`, { ref: false }),
  ]);
  if (status !== 0) throw new Error(`status ${status}`);
}

async function ask(method, path, timeoutMs, body) {
  const answer = await fetch(`http://127.0.0.1:${http}${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: answer.status, body: await answer.text() };
}
