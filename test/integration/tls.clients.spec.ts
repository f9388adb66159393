import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { hashOf, newKey } from '#access';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority, type Pair } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type ClientAuthority, clientAuthority } from '../support/client-certificates.js';
import { configFor } from '../support/running-scheduler.js';
import { askTls, tlsRouter } from '../support/tls-clients.js';
import { until } from '../support/until.js';

const SPIFFE = 'spiffe://cluster/ns/keda/sa/keda-operator';
const KEY = newKey('gw');
const UNAUTHENTICATED = 16;

describe('callers over TLS', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let authority: OwnAuthority;
  let ca: string;
  let clients: ClientAuthority;

  const file = (name: string): string => join(folder, name);

  async function put(): Promise<void> {
    const { cert, key } = await authority.sign(['localhost', '127.0.0.1'], Date.now());
    await Promise.all([writeFile(file('a.crt'), cert), writeFile(file('a.key'), key)]);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-clients-'));
    authority = await OwnAuthority.open(file('ca'), 'berth', Date.now());
    ca = await readFile(authority.path, 'utf8');
    clients = await clientAuthority('clients');
    await put();
    await writeFile(file('clients.crt'), clients.ca);
    triton = await startTritonSim({ speed: 10 });
    const tls = { cert: file('a.crt'), key: file('a.key'), clientCa: file('clients.crt') };
    const auth = {
      keys: [{ id: 'gw', hash: `sha256:${hashOf(KEY)}`, role: 'operator' }],
      certificates: [{ san: `URI:${SPIFFE}`, role: 'operator' }],
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

  /** What both ports answer: the status of HTTP, and the status of gRPC, 0 where the call succeeded. */
  async function answers(pair?: Pair, key?: string): Promise<number[]> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const { status } = await askTls(`${scheduler.http}/v1/models`, { ca, ...pair }, headers);
    const router = tlsRouter(scheduler.grpc, ca, pair);
    const code = await router.resolve('resnet50', key).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
    router.close();
    return [status, code];
  }

  it('are known by their certificate or by a key, on the same ports, also after a change of the certificate', async () => {
    const pair = await clients.sign({ type: 'url', value: SPIFFE });
    for (const renew of [() => Promise.resolve(), put]) {
      await renew();
      await scheduler.readCertificates();
      expect(await answers(pair)).toEqual([200, 0]);
      expect(await answers(undefined, KEY)).toEqual([200, 0]);
      expect(await answers()).toEqual([401, UNAUTHENTICATED]);
    }
  });

  it('are not known by a certificate of another name or of another authority', async () => {
    expect(await answers(await clients.sign({ type: 'url', value: `${SPIFFE}2` }))).toEqual([
      401,
      UNAUTHENTICATED,
    ]);
    const other = await clientAuthority('others');
    expect(await answers(await other.sign({ type: 'url', value: SPIFFE }))).toEqual([401, UNAUTHENTICATED]);
  });

  it('are not made good by a certificate where their key is wrong', async () => {
    const pair = await clients.sign({ type: 'url', value: SPIFFE });
    expect(await answers(pair, newKey('gw'))).toEqual([401, UNAUTHENTICATED]);
  });
});
