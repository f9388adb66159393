import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Config } from '#config';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { OwnAuthority, type Pair } from '../../apps/scheduler/src/transport/tls/own-authority.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type ClientAuthority, clientAuthority } from '../support/client-certificates.js';
import { configFor } from '../support/running-scheduler.js';
import { askTls, tlsRouter } from '../support/tls-clients.js';
import { until } from '../support/until.js';

const SAN = 'spiffe://cluster/ns/gateways';
const NOT_SIGNED_IN = 16;

describe('callers with client certificates', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let clients: ClientAuthority;
  let gateway: Pair;
  let ca: string;

  const file = (name: string): string => join(folder, name);
  const trusting = async ({ ca: authority }: ClientAuthority): Promise<void> => {
    await writeFile(file('clients.crt'), authority);
    await scheduler?.readCertificates();
  };
  const config = (san = SAN): Config =>
    configFor(
      triton,
      file('data'),
      `tls: { clientCa: "${file('clients.crt')}" }\nauth: { certificates: [{ san: "URI:${san}", role: admin }] }`,
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-clients-'));
    triton = await startTritonSim({ speed: 10 });
    ca = await readFile((await OwnAuthority.open(file('data'), 'berth', Date.now())).path, 'utf8');
    clients = await clientAuthority('clients');
    gateway = await clients.sign({ type: 'url', value: SAN });
    await trusting(clients);
    scheduler = await createScheduler(config(), { log: pino({ level: 'silent' }) });
    await until(async () => (await askTls(`${scheduler.http}/health/ready`, { ca })).status === 200);
  });

  afterAll(async () => {
    await scheduler.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    scheduler.reload(config());
    await trusting(clients);
  });

  const overHttp = async (how: Agent | Partial<Pair>): Promise<number> =>
    (await askTls(`${scheduler.http}/v1/fleet`, how instanceof Agent ? how : { ca, ...how })).status;

  async function overGrpc(pair?: Pair): Promise<unknown> {
    const router = tlsRouter(scheduler.grpc, ca, pair);
    const code = router.resolve('resnet50').then(
      () => 0,
      (error: { code: number }) => error.code,
    );
    return code.finally(() => router.close());
  }

  it('are known by their names, on both ports', async () => {
    expect([await overHttp(gateway), await overGrpc(gateway)]).toEqual([200, 0]);
    expect([await overHttp({}), await overGrpc()]).toEqual([401, NOT_SIGNED_IN]);
  });

  it('are not known by the same name from another authority, or by another name from this one', async () => {
    const foreign = await (await clientAuthority('foreign')).sign({ type: 'url', value: SAN });
    expect([await overHttp(foreign), await overGrpc(foreign)]).toEqual([401, NOT_SIGNED_IN]);
    const two = await clients.sign({ type: 'url', value: `spiffe://x, URI:${SAN}` });
    expect([await overHttp(two), await overGrpc(two)]).toEqual([401, NOT_SIGNED_IN]);
  });

  it('are refused once their name is withdrawn, on connections that are open too', async () => {
    const agent = new Agent({ ca, ...gateway, keepAlive: true, maxSockets: 1 });
    const router = tlsRouter(scheduler.grpc, ca, gateway);
    expect([await overHttp(agent), await router.resolve('resnet50')]).toMatchObject([200, { cold: false }]);
    scheduler.reload(config(`${SAN}/other`));
    expect(await overHttp(agent)).toBe(401);
    await expect(router.resolve('resnet50')).rejects.toMatchObject({ code: NOT_SIGNED_IN });
    agent.destroy();
    router.close();
  });

  it('stay where a configuration has lost auth or tls, as one that is cut off has', async () => {
    const rule = 'must not be taken away: only a start does that';
    expect(() => scheduler.reload({ ...config(), auth: null, models: {} })).toThrow(`auth ${rule}`);
    expect(() => scheduler.reload({ ...config(), tls: null })).toThrow(`tls ${rule}`);
    expect([await overHttp(gateway), await overGrpc(gateway)]).toEqual([200, 0]);
    expect([await overHttp({}), await overGrpc()]).toEqual([401, NOT_SIGNED_IN]);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are refused once their authority is replaced, also with a session from before: %s',
    async (version) => {
      const session = await sessionOf(version);
      expect(await answerIn(session, version)).toMatch(/^HTTP\/1\.1 200 /);
      await trusting(await clientAuthority('others'));
      expect([await overHttp(gateway), await overGrpc(gateway)]).toEqual([401, NOT_SIGNED_IN]);
      expect(await answerIn(session, version)).toMatch(/^HTTP\/1\.1 401 /);
    },
  );

  type Version = 'TLSv1.2' | 'TLSv1.3';

  /** What a client may resume a connection with that showed the certificate. */
  const sessionOf = (maxVersion: Version): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const socket = connect({ ...ours(), ...gateway, maxVersion });
      socket.once('error', reject).once('session', (session: Buffer) => {
        resolve(session);
        socket.destroy();
      });
      socket.resume();
    });

  /** What is answered on a connection that shows no certificate itself. */
  const answerIn = (session: Buffer, maxVersion: Version): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ ...ours(), session, maxVersion });
      socket.once('error', reject).once('data', (bytes) => {
        resolve(String(bytes));
        socket.destroy();
      });
      socket.write('GET /v1/fleet HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });

  const ours = () => {
    const port = Number(new URL(scheduler.http).port);
    return { port, host: '127.0.0.1', servername: 'localhost', ca };
  };
});
