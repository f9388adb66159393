import { afterEach, describe, expect, it } from '@jest/globals';
import { clientOf, closeAll, post, start, until } from './wire-bench.js';

afterEach(closeAll);

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

  it('opens its metrics after gRPC and HTTP', async () => {
    const triton = { metricsAfterMs: 0 };
    const { addresses, sim } = await start({ triton });
    const { http, metrics } = addresses;
    triton.metricsAfterMs = 60_000;
    sim.kill();
    sim.start();
    const isLive = () =>
      fetch(`${http}/v2/health/live`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isLive, Boolean);
    await expect(fetch(metrics)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
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
    const state: unknown = await (await fetch(`${running.addresses.admin}/state`)).json();
    expect(state).toMatchObject({
      ...{ id: 't0', phase: 'up', incarnation: 1, peakExceeded: false },
      copies: ['resnet50', 'yolov8m', 'vision-pipeline'].map((model) => ({ model, phase: 'serving' })),
      memory: { devices: [{ usedBytes: (400 + 420 + 640) * 2 ** 20 }, { ordinal: 1 }] },
    });
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
    expect((await post(repository, { action: 'add', model })).json['models']).toContain('late');
    await clientOf(running)('RepositoryModelLoad', { model_name: 'late' });
    expect((await post(repository, { action: 'touch', name: 'late' })).status).toBe(200);
    expect((await post(repository, { action: 'duplicate', name: 'late' })).status).toBe(200);
    expect((await post(repository, { action: 'remove', name: 'late' })).json['models']).not.toContain('late');
    expect((await post(repository, { action: 'remove', name: 'late' })).status).toBe(404);
    expect((await post(repository, { action: 'add', model: { name: 1 } })).json.error).toMatch(
      /^model\.name: /,
    );
  });
});
