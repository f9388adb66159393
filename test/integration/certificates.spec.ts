import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { hashOf, newKey } from '#access';
import { createScheduler, type RunningScheduler } from '../../apps/scheduler/src/bootstrap/scheduler.js';
import { type RunningSim, startTritonSim } from '../../apps/triton-sim/src/sim-server.js';
import { type ClientAuthority, clientAuthority } from '../support/client-certificates.js';
import { configFor } from '../support/running-scheduler.js';
import { askTls, tlsRouter } from '../support/tls-clients.js';
import { until } from '../support/until.js';

type Pair = Awaited<ReturnType<ClientAuthority['sign']>>;

const KEDA = 'spiffe://cluster/ns/keda/sa/keda-operator';
const EDGE = 'spiffe://cluster/ns/edge/sa/gateway';
const KEY = newKey('viewer');
/** None of our operations is for autoscalers yet: a known caller may not do this one, and an unknown one is told so. */
const KNOWN_ONLY = [403, 'not_allowed'];
const UNKNOWN = [401, 'not_signed_in'];

describe('client certificates on the ports that take keys', () => {
  let folder: string;
  let triton: RunningSim;
  let scheduler: RunningScheduler;
  let ca: string;
  let ours: ClientAuthority;
  let others: ClientAuthority;

  const signed = (by: ClientAuthority, name: string): Promise<Pair> => by.sign({ type: 'url', value: name });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-certificates-'));
    [ours, others] = [await clientAuthority('clients'), await clientAuthority('others')];
    await writeFile(join(folder, 'clients.crt'), ours.ca);
    triton = await startTritonSim({ speed: 10 });
    const yaml = `
tls: { clientCa: "${join(folder, 'clients.crt')}" }
auth:
  keys: [{ id: viewer, hash: "sha256:${hashOf(KEY)}", role: viewer }]
  certificates: [{ san: "URI:${KEDA}", role: autoscaler }, { san: "URI:${EDGE}", role: gateway }]`;
    const config = configFor(triton, join(folder, 'data'), yaml);
    scheduler = await createScheduler(config, { log: pino({ level: 'silent' }) });
    ca = await readFile(join(folder, 'data', 'ca.crt'), 'utf8');
    await until(async () => (await askTls(`${scheduler.http}/health/ready`, { ca })).status === 200);
  });

  afterAll(async () => {
    await scheduler?.close();
    await triton.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The status and the reason of an answer over HTTPS; a body of success has none. */
  async function asked(pair: Pair | object, key?: string): Promise<unknown[]> {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const { status: told, body } = await askTls(`${scheduler.http}/v1/models`, { ca, ...pair }, headers);
    return [told, (JSON.parse(body) as { readonly reason?: string }).reason];
  }

  async function resolved(pair?: Pair, key?: string): Promise<unknown> {
    const router = tlsRouter(scheduler.grpc, ca, pair);
    return router
      .resolve('resnet50', key)
      .catch(({ code }: { readonly code: number }) => code)
      .finally(() => router.close());
  }

  it('sign in whom the configuration names, over HTTPS and over gRPC', async () => {
    const keda = await signed(ours, KEDA);
    expect(await asked(keda)).toEqual(KNOWN_ONLY);
    expect(await resolved(keda)).toBe(status.PERMISSION_DENIED);
    expect(await resolved(await signed(ours, EDGE))).toMatchObject({ model: 'resnet50' });
  });

  it.each([
    ['of another authority', async () => signed(others, KEDA)],
    ['with a name that nobody has', async () => signed(ours, `${KEDA}-2`)],
    ['with the same name of another kind', async () => ours.sign({ type: 'dns', value: KEDA })],
    ['without a name', async () => ours.sign()],
  ])('sign in nobody: %s', async (_, make) => {
    const pair = await make();
    expect(await asked(pair)).toEqual(UNKNOWN);
    expect(await resolved(pair)).toBe(status.UNAUTHENTICATED);
  });

  it('sign in nobody where an authority has taken the name of ours, and harm no other call', async () => {
    const pair = await signed(await clientAuthority('clients'), KEDA);
    expect(await asked(pair)).toEqual(UNKNOWN);
    // On HTTP/2 Node takes the wrong signature for an error of the connection, and ends it.
    expect([status.UNAUTHENTICATED, status.UNAVAILABLE]).toContain(await resolved(pair));
    expect(await resolved(await signed(ours, EDGE))).toMatchObject({ model: 'resnet50' });
  });

  it('are not needed by who has a key', async () => {
    expect(await asked({}, KEY)).toEqual([200, undefined]);
    expect(await resolved(undefined, KEY)).toBe(status.PERMISSION_DENIED);
    expect(await asked({})).toEqual(UNKNOWN);
    expect(await resolved()).toBe(status.UNAUTHENTICATED);
  });

  it('give way to a key that is shown as well, be it good or bad', async () => {
    const [keda, edge] = [await signed(ours, KEDA), await signed(ours, EDGE)];
    expect(await asked(keda, KEY)).toEqual([200, undefined]);
    expect(await asked(keda, `${KEY}x`)).toEqual(UNKNOWN);
    expect(await resolved(edge, `${KEY}x`)).toBe(status.UNAUTHENTICATED);
  });
});
