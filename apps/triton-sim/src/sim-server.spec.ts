import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { clientOf, closeAll, post, start, until } from './wire-bench.js';

afterEach(closeAll);

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
    expect(answer).toMatchObject({
      outputs: [{ name: 'OUT', datatype: 'FP32', shape: ['1'] }],
      raw_output_contents: [raw],
    });
    await call('RepositoryModelUnload', { model_name: 'resnet50' });
    const index = await until(
      async () => (await call('RepositoryIndex')).models?.find(({ name }) => name === 'resnet50'),
      (row) => row?.reason === 'unloaded',
    );
    expect(index).toEqual({ name: 'resnet50', version: '1', state: 'UNAVAILABLE', reason: 'unloaded' });
  });

  it('says its name, and that it lives', async () => {
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
    expect(answer).toMatchObject({
      config: { instance_group: [{ kind: 'KIND_GPU', count: 1, gpus: [1] }] },
    });
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
    const answer = await call('ModelStatistics', { name: '' });
    expect(answer).toMatchObject({
      model_stats: [
        {
          name: 'resnet50',
          version: '1',
          last_inference: expect.stringMatching(/^\d{13}$/),
          inference_count: '1',
          memory_usage: [],
        },
      ],
    });
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
    expect(index?.models?.every(({ state }) => state === '')).toBe(true);
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
    await expect(fetch(running.addresses.http)).rejects.toThrow();
    expect((await fetch(running.addresses.metrics)).status).toBe(200);
    await until(
      async () => exitCode,
      (code) => code !== undefined,
    );
    expect(exitCode).toBe(0);
  });
});
