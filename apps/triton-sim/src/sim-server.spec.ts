import { credentials, Metadata, status } from '@grpc/grpc-js';
import type { Client, ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { tritonService } from './proto.js';
import { startTritonSim } from './sim-server.js';
import type { RunningSim, TritonSimOptions } from './sim-server.js';

type Call = (
  request: object,
  metadata: Metadata,
  done: (error: ServiceError | null, answer: object) => void,
) => void;

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(options: Partial<TritonSimOptions> = {}): Promise<RunningSim> {
  const running = await startTritonSim({ id: 't0', speed: 200, ...options });
  open.push(running);
  return running;
}

function clientOf({
  addresses,
}: RunningSim): (method: string, request?: object, headers?: object) => Promise<any> {
  const client: Client = new (tritonService())(addresses.grpc, credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 20,
    'grpc.max_reconnect_backoff_ms': 50,
  });
  open.push(client);
  return (method, request = {}, headers = {}) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(headers)) metadata.set(key, String(value));
      const call = (client as unknown as Record<string, Call>)[method]!.bind(client);
      call(request, metadata, (error, answer) => (error === null ? resolve(answer) : reject(error)));
    });
}

async function post(url: string, body: unknown): Promise<{ status: number; json: any }> {
  const response = await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

async function until<T>(look: () => Promise<T>, isThere: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the gRPC port', () => {
  it('loads a model, infers with an echo and unloads it', async () => {
    const call = clientOf(await start());
    await call('RepositoryModelLoad', { model_name: 'resnet50' });
    const raw = Buffer.from([1, 2, 3, 4]);
    const answer = await call('ModelInfer', {
      model_name: 'resnet50',
      id: 'r1',
      inputs: [{ name: 'IN', datatype: 'FP32', shape: [1] }],
      raw_input_contents: [raw],
    });
    expect(answer).toMatchObject({ model_name: 'resnet50', model_version: '1', id: 'r1' });
    expect(answer.outputs[0]).toMatchObject({ name: 'OUT', datatype: 'FP32', shape: ['1'] });
    expect(answer.raw_output_contents).toEqual([raw]);
    await call('RepositoryModelUnload', { model_name: 'resnet50' });
    const index = await until(
      async () => (await call('RepositoryIndex', {})).models.find(({ name }: any) => name === 'resnet50'),
      ({ reason }) => reason === 'unloaded',
    );
    expect(index).toEqual({ name: 'resnet50', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' });
  });

  it('says who it is, and that it lives', async () => {
    const call = clientOf(await start());
    expect(await call('ServerLive')).toEqual({ live: true });
    expect(await call('ServerReady')).toEqual({ ready: true });
    expect(await call('ServerMetadata')).toMatchObject({ name: 't0', version: '2.51.0' });
  });

  it('takes a config for one GPU, and gives it back', async () => {
    const running = await start();
    const call = clientOf(running);
    const config = JSON.stringify({ backend: 'tensorrt', instance_group: [{ kind: 'KIND_GPU', gpus: [1] }] });
    await call('RepositoryModelLoad', {
      model_name: 'resnet50',
      parameters: { config: { string_param: config } },
    });
    const answer = await call('ModelConfig', { name: 'resnet50' });
    expect(answer.config.instance_group).toMatchObject([{ kind: 'KIND_GPU', count: 1, gpus: [1] }]);
    expect(running.sim.copies()[0]?.holds[0]).toEqual({ place: 1, bytes: 420 * 2 ** 20 });
  });

  it('answers with the codes and words of Triton', async () => {
    const call = clientOf(await start());
    await expect(call('RepositoryModelLoad', { model_name: 'nobody' })).rejects.toMatchObject({
      code: status.INTERNAL,
      details: "failed to load 'nobody', failed to poll from model repository",
    });
    await expect(call('RepositoryIndex', { repository_name: 'r' })).rejects.toMatchObject({
      code: status.UNIMPLEMENTED,
    });
    await expect(call('ModelStatistics', { name: 'resnet50' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: "requested model 'resnet50' is not available",
    });
  });

  it('counts inferences', async () => {
    const call = clientOf(await start());
    await call('RepositoryModelLoad', { model_name: 'resnet50' });
    await call('ModelInfer', {
      model_name: 'resnet50',
      inputs: [{ name: 'IN', datatype: 'FP32', shape: [1] }],
    });
    const { model_stats } = await call('ModelStatistics', { name: '' });
    expect(model_stats).toMatchObject([
      { name: 'resnet50', version: '1', inference_count: '1', memory_usage: [] },
    ]);
    expect(Number(model_stats[0].last_inference)).toBeGreaterThan(1e12);
  });

  it('asks for the header of a restricted protocol', async () => {
    const call = clientOf(await start({ triton: { restriction: { key: 'admin-key', value: 'secret' } } }));
    await expect(call('RepositoryIndex')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const answer = await call('RepositoryIndex', {}, { 'triton-grpc-protocol-admin-key': 'secret' });
    expect(answer.models).toHaveLength(14);
  });
});

describe('death', () => {
  it('drops every connection, refuses new ones, and comes back at the same port with nothing loaded', async () => {
    const running = await start();
    const call = clientOf(running);
    await call('RepositoryModelLoad', { model_name: 'resnet50' });
    await post(`${running.addresses.admin}/faults`, { kind: 'stuckLoad', model: 'bert-base' });
    const hanging = call('RepositoryModelLoad', { model_name: 'bert-base' });
    const broken = expect(hanging).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await until(
      async () => running.sim.copies(),
      (copies) => copies.length === 2,
    );
    await post(`${running.addresses.admin}/faults`, { kind: 'kill' });
    await broken;
    await expect(call('ServerLive')).rejects.toMatchObject({ code: status.UNAVAILABLE });
    await expect(fetch(running.addresses.metrics)).rejects.toThrow();
    await post(`${running.addresses.admin}/faults`, { kind: 'start' });
    const index = await until(
      () => call('RepositoryIndex').catch(() => undefined),
      (seen) => seen !== undefined,
    );
    expect(index.models.every(({ state }: any) => state === '')).toBe(true);
    expect(running.sim.incarnation).toBe(2);
  });

  it('leaves as Triton does when it is terminated', async () => {
    let exitCode: number | undefined;
    const running = await start({ onExit: (code) => (exitCode = code) });
    const call = clientOf(running);
    await call('ServerLive');
    await post(`${running.addresses.admin}/faults`, { kind: 'terminate' });
    await expect(call('ServerLive')).rejects.toMatchObject({ details: 'Server exiting' });
    await expect(call('RepositoryIndex')).rejects.toMatchObject({ details: 'Server not ready' });
    await until(
      async () => exitCode,
      (code) => code !== undefined,
    );
    expect(exitCode).toBe(0);
  });
});

describe('the HTTP ports', () => {
  it('serves the metrics of its GPUs', async () => {
    const running = await start({ baselineMb: 400 });
    const text = await (await fetch(running.addresses.metrics)).text();
    expect(text).toContain(`nv_gpu_memory_total_bytes{gpu_uuid="GPU-t0-1"} ${24_576 * 2 ** 20}\n`);
    expect(text).toContain(`nv_gpu_memory_used_bytes{gpu_uuid="GPU-t0-0"} ${400 * 2 ** 20}\n`);
  });

  it('has no GPU family without GPUs', async () => {
    const text = await (await fetch((await start({ gpus: 0 })).addresses.metrics)).text();
    expect(text).toContain('nv_cpu_memory_total_bytes');
    expect(text).not.toContain('nv_gpu');
  });

  it('drops the connection while metrics are down', async () => {
    const running = await start();
    running.sim.inject({ kind: 'metricsDown' });
    await expect(fetch(running.addresses.metrics)).rejects.toThrow();
  });

  it('answers health, metadata and an inference', async () => {
    const running = await start();
    const { http } = running.addresses;
    expect((await fetch(`${http}/v2/health/live`)).status).toBe(200);
    expect(await (await fetch(`${http}/v2`)).json()).toMatchObject({ name: 't0' });
    const input = { name: 'IN', datatype: 'FP32', shape: [1], data: [7] };
    const cold = await post(`${http}/v2/models/resnet50/infer`, { inputs: [input] });
    expect(cold).toEqual({
      status: 404,
      json: { error: "Request for unknown model: 'resnet50' is not found" },
    });
    await clientOf(running)('RepositoryModelLoad', { model_name: 'resnet50' });
    const warm = await post(`${http}/v2/models/resnet50/versions/1/infer`, { inputs: [input] });
    expect(warm.json).toEqual({
      model_name: 'resnet50',
      model_version: '1',
      outputs: [{ ...input, name: 'OUT' }],
    });
    expect((await fetch(`${http}/v2/models/resnet50/versions/abc/infer`)).status).toBe(404);
  });
});

describe('the admin port', () => {
  it('shows the copies and the memory', async () => {
    const running = await start();
    await clientOf(running)('RepositoryModelLoad', { model_name: 'vision-pipeline' });
    const state: any = await (await fetch(`${running.addresses.admin}/state`)).json();
    expect(state).toMatchObject({ id: 't0', phase: 'up', incarnation: 1, peakExceeded: false });
    expect(state.copies.map(({ model }: any) => model).sort()).toEqual([
      'resnet50',
      'vision-pipeline',
      'yolov8m',
    ]);
    expect(state.memory.devices[0].usedBytes).toBe((400 + 420 + 640) * 2 ** 20);
  });

  it('refuses a bad fault, naming the field and the rule', async () => {
    const { addresses } = await start();
    const faults = `${addresses.admin}/faults`;
    expect(await post(faults, '{')).toEqual({ status: 400, json: { error: 'body: not JSON' } });
    expect((await post(faults, { kind: 'nonsense' })).json.error).toMatch(/^kind: /);
    expect((await post(faults, { kind: 'indexDelay', ms: -1 })).json.error).toMatch(/^ms: .*>=0/);
    expect((await post(faults, { kind: 'stuckLoad' })).json.error).toMatch(/^model: /);
    expect((await post(faults, { kind: 'foreignMemory', device: 9, bytes: 1 })).status).toBe(400);
    expect((await post(faults, 'x'.repeat(70_000))).status).toBe(413);
  });

  it('changes the repository', async () => {
    const running = await start();
    const repository = `${running.addresses.admin}/repository`;
    const model = { name: 'late', gpuBytes: 1024, loadMs: 100 };
    expect((await post(repository, { action: 'add', model })).json.models).toContain('late');
    await clientOf(running)('RepositoryModelLoad', { model_name: 'late' });
    expect((await post(repository, { action: 'touch', name: 'late' })).status).toBe(200);
    expect((await post(repository, { action: 'duplicate', name: 'late' })).status).toBe(200);
    expect((await post(repository, { action: 'remove', name: 'late' })).json.models).not.toContain('late');
    expect((await post(repository, { action: 'remove', name: 'late' })).status).toBe(404);
    expect((await post(repository, { action: 'add', model: { name: 1 } })).json.error).toMatch(
      /^model\.name: /,
    );
  });
});
