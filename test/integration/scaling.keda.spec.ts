import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority, type Pair } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type ClientAuthority, clientAuthority } from '../support/client-certificates.js';
import { issueKey } from '../support/issued-key.js';
import { DEBIAN_PYTHON, describeWithParts } from '../support/parts.js';
import { configFor } from '../support/running-scheduler.js';
import { askTls } from '../support/tls-clients.js';
import { PATIENCE_MS, until } from '../support/until.js';

const KEDA = fileURLToPath(new URL('../support/keda.py', import.meta.url));
const SPIFFE = 'spiffe://cluster/ns/keda/sa/keda-operator';
const ADMIN = issueKey('admin', 'admin');

interface Line {
  readonly method: string;
  readonly told?: readonly unknown[];
  readonly code?: string;
}

describeWithParts('a client of KEDA, with a certificate', ['python3-grpcio'], () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let ca: string;
  let clients: ClientAuthority;

  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-keda-'));
    const authority = await OwnAuthority.open(file('ca'), 'berth', Date.now());
    ca = await readFile(authority.path, 'utf8');
    clients = await clientAuthority('clients');
    const { cert, key } = await authority.sign(['localhost', '127.0.0.1'], Date.now());
    await Promise.all([
      writeFile(file('a.crt'), cert),
      writeFile(file('a.key'), key),
      writeFile(file('clients.crt'), clients.ca),
    ]);
    triton = await startTritonSim({ speed: 10 });
    const tls = { cert: file('a.crt'), key: file('a.key'), clientCa: file('clients.crt') };
    const auth = {
      keys: [ADMIN.line],
      certificates: [{ san: `URI:${SPIFFE}`, role: 'autoscaler' }],
    };
    const yaml = `tls: ${JSON.stringify(tls)}\nauth: ${JSON.stringify(auth)}`;
    scheduler = await createScheduler(configFor(triton, file('data'), yaml), {
      log: pino({ level: 'silent' }),
    });
    await until(async () => (await askTls(`${scheduler.http}/health/ready`, { ca })).status === 200);
  });

  afterAll(async () => {
    await scheduler.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Calls in this order, by one process of Python. */
  async function called(calls: readonly string[], pair?: Pair): Promise<Line[]> {
    const [cert = null, key = null] = pair ? [pair.cert, pair.key] : [];
    const asked = JSON.stringify({ address: `ipv4:${scheduler.grpc}`, ca, cert, key, calls });
    const lines = await new Promise<string>((resolve, reject) => {
      const child = execFile(DEBIAN_PYTHON, [KEDA], { timeout: PATIENCE_MS }, (error, stdout) =>
        error ? reject(error) : resolve(stdout),
      );
      child.stdin!.end(asked);
    });
    return lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  }

  const signed = (): Promise<Pair> => clients.sign({ type: 'url', value: SPIFFE });

  it('is told how many servers are wanted, on both fields, and whether any is', async () => {
    const pair = await signed();
    const metric = [
      [1, 'servers'],
      [2, 1],
      [3, 1],
    ];
    expect(await called(['GetMetricSpec', 'GetMetrics', 'IsActive', 'StreamIsActive'], pair)).toEqual([
      { method: 'GetMetricSpec', told: [[1, metric]] },
      { method: 'GetMetrics', told: [[1, metric]] },
      { method: 'IsActive', told: [[1, 1]] },
      { method: 'StreamIsActive', told: [[1, 1]] },
    ]);
  });

  it('is told that specs are not streamed, in the way that KEDA passes over', async () => {
    expect(await called(['StreamMetricSpec'], await signed())).toMatchObject([{ code: 'UNIMPLEMENTED' }]);
  });

  it('is not known without a certificate, nor by one of another name', async () => {
    const other = await clients.sign({ type: 'url', value: `${SPIFFE}2` });
    for (const pair of [undefined, other]) {
      expect(await called(['GetMetrics', 'IsActive', 'StreamIsActive'], pair)).toMatchObject(
        Array.from({ length: 3 }, () => ({ code: 'UNAUTHENTICATED' })),
      );
    }
  });

  it('may do nothing else', async () => {
    const pair = await signed();
    expect((await askTls(`${scheduler.http}/v1/scaling`, { ca, ...pair })).status).toBe(200);
    expect((await askTls(`${scheduler.http}/v1/models`, { ca, ...pair })).status).toBe(403);
  });
});
