import { request as httpRequest } from 'node:http';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reasonIn } from '#contracts';
import { tritonService } from '../../apps/triton-sim/src/proto.js';
import { Envoy, installedEnvoy } from '../support/envoy.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';
import { until } from '../support/until.js';

const INPUT = { name: 'IN', shape: [1, 1], datatype: 'FP32' };
const BODY = JSON.stringify({ inputs: [{ ...INPUT, data: [1] }] });

const found = installedEnvoy();
const isTested = found.ok || process.env['CI'] === 'true';
const name = 'Triton behind Envoy';
if (!isTested) process.stderr.write(`SKIPPED: ${name}: it is missing: ${found.missing}\n`);

type Calls = Record<
  string,
  (request: object, done: (error: ServiceError | null, answer: never) => void) => { cancel(): void }
> & { close(): void };

const client = (address: string): Calls =>
  new (tritonService())(address, credentials.createInsecure()) as unknown as Calls;

const ask = (triton: Calls, method: string, request: object): Promise<Record<string, unknown>> =>
  new Promise((resolve, reject) => {
    triton[method]!(request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Over HTTP. A header may be given more than once. */
const send = (
  { address }: Envoy,
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
    signal,
  }: {
    method?: string;
    headers?: Record<string, string | string[]>;
    body?: string;
    signal?: AbortSignal;
  } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = httpRequest(
      `http://${address}${path}`,
      { method, headers, agent: false, ...(signal && { signal }) },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

const infer = (envoy: Envoy, model: string, more: Parameters<typeof send>[2] = {}): Promise<Answer> =>
  send(envoy, `/v2/models/${model}/infer`, { method: 'POST', body: BODY, ...more });

(isTested ? describe : describe.skip)(name, () => {
  let world: World;
  let envoy: Envoy;
  let triton: Calls;

  beforeAll(async () => {
    world = await startWorld();
    envoy = await Envoy.start({ berths: [world.scheduler.grpc] });
    triton = client(envoy.address);
  });

  afterAll(async () => {
    triton?.close();
    await envoy?.close();
    await world?.close();
  });

  const modelOf = async (model: string) => (await call(world, 'GET', `/v1/models/${model}`)).body;
  const loads = (): number =>
    [...world.scheduler.engine.fleet.replicas.values()].filter(({ phase }) => phase !== 'ready').length;

  it('only takes longer where a model is cold, in both protocols', async () => {
    const cold = await infer(envoy, 'mobilenet-v2');
    expect([cold.status, JSON.parse(cold.text)]).toEqual([
      200,
      expect.objectContaining({ model_name: 'mobilenet-v2' }),
    ]);
    expect(await infer(envoy, 'mobilenet-v2')).toMatchObject({ status: 200 });
    const inferred = { model_name: 'yolov8m', inputs: [INPUT] };
    expect(await ask(triton, 'ModelInfer', inferred)).toMatchObject({ model_name: 'yolov8m' });
    expect(await ask(triton, 'ModelMetadata', { name: 'whisper-small' })).toMatchObject({
      name: 'whisper-small',
    });
    expect(await ask(triton, 'ServerReady', {})).toEqual({ ready: true });
    expect(await send(envoy, '/v2/health/ready')).toMatchObject({ status: 200 });
  });

  it('says that a cold model is ready which could be loaded, and starts nothing', async () => {
    const before = loads();
    expect(await send(envoy, '/v2/models/bert-large/ready')).toMatchObject({ status: 200 });
    expect(await ask(triton, 'ModelReady', { name: 'bert-large' })).toEqual({ ready: true });
    const statistics = await send(envoy, '/v2/models/bert-large/stats');
    expect([statistics.status, JSON.parse(statistics.text)]).toEqual([
      503,
      expect.objectContaining({ reason: 'loading' }),
    ]);
    expect((await modelOf('bert-large')).state).toBe('absent');
    expect(loads()).toBe(before);
    expect(await send(envoy, '/v2/models/nope/ready')).toMatchObject({ status: 404 });
  });

  it('refuses in the words of the contract, in both protocols', async () => {
    const refused = await infer(envoy, 'nope');
    expect(refused).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    });
    expect(JSON.parse(refused.text)).toMatchObject({
      reason: 'unknown_model',
      instance: '/v2/models/nope/infer',
    });
    const error = await ask(triton, 'ModelInfer', { model_name: 'nope' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: 'There is no such model' });
    const { metadata } = error as ServiceError;
    expect(reasonIn(metadata.get('grpc-status-details-bin')[0])).toBe('UNKNOWN_MODEL');
    const late = await infer(envoy, 'bert-large', { headers: { 'x-berth-wait-ms': '1' } });
    expect(late.status).toBe(503);
    expect(late.headers).toHaveProperty('retry-after');
    expect(Object.keys(late.headers).filter((key) => key.startsWith('x-berth'))).toEqual([]);
  });

  it('changes no server', async () => {
    const load = await send(envoy, '/v2/repository/models/bert-base/load', { method: 'POST' });
    expect([load.status, JSON.parse(load.text)]).toEqual([
      403,
      expect.objectContaining({ reason: 'not_allowed' }),
    ]);
    await expect(ask(triton, 'RepositoryModelLoad', { model_name: 'bert-base' })).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    expect((await modelOf('bert-base')).state).toBe('absent');
  });

  it.each(['..', '', 'a%2Fb', '%2e%2e', 'x'.repeat(129)])('has an answer for the name %j', async (odd) => {
    const { status: code } = await infer(envoy, odd);
    expect(code).toBeGreaterThanOrEqual(400);
    expect(code).toBeLessThan(500);
  });

  it('goes where Berth says, whatever its caller says', async () => {
    let reached = 0;
    const trap = await listening(() => (reached += 1));
    for (const destination of [trap.address, [trap.address, trap.address]]) {
      const headers = { 'x-gateway-destination-endpoint': destination };
      expect(await infer(envoy, 'mobilenet-v2', { headers })).toMatchObject({ status: 200 });
      expect(await infer(envoy, 'nope', { headers })).toMatchObject({ status: 404 });
    }
    await trap.close();
    expect(reached).toBe(0);
  });

  it('asks anew where a server has lost the model', async () => {
    expect(await infer(envoy, 'mobilenet-v2')).toMatchObject({ status: 200 });
    const direct = client(world.triton.addresses.grpc);
    await ask(direct, 'RepositoryModelUnload', { model_name: 'mobilenet-v2' });
    direct.close();
    expect(await infer(envoy, 'mobilenet-v2')).toMatchObject({ status: 200 });
  });

  it('ends the wait of a caller that leaves', async () => {
    const model = 'stable-diffusion-1.5';
    const gone = new AbortController();
    const asked = infer(envoy, model, { signal: gone.signal }).catch(() => undefined);
    await until(async () => (await modelOf(model)).waiting === 1);
    gone.abort();
    await asked;
    await until(async () => (await modelOf(model)).waiting === 0);
  });

  it('cuts no connection', async () => {
    expect(await envoy.stat('cluster.berth.upstream_cx_destroy')).toBe(0);
    expect(await envoy.stat('cluster.berth.upstream_rq_tx_reset')).toBe(0);
  });
});

/** A server that nobody should reach. */
async function listening(
  onReached: () => void,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { createServer } = await import('node:http');
  const server = createServer((_, response) => {
    onReached();
    response.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    address: `127.0.0.1:${port}`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
