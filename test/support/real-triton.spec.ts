import assert from 'node:assert/strict';
import { it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { anEnsemble, aRealModel, describeReal, type RealTriton } from './real-triton.js';
import { until } from './until.js';

const QUICK = ['--disable-auto-complete-config'];

describeReal('the fixture of real Triton servers', (kit) => {
  it('starts a server that loads, answers and unloads a model', async () => {
    const triton = await kit.start({
      models: [aRealModel({ name: 'm', stablePyc: true })],
      extraArgs: QUICK,
    });
    assert.deepEqual(await index(triton), [{ name: 'm' }]);

    await load(triton, 'm');
    assert.equal(await infer(triton, 'm', 21), 42);
    assert.deepEqual(await index(triton), [{ name: 'm', version: '1', state: 'READY' }]);
    assert.equal(triton.stubPids('m').length, 1);

    await post(triton, 'v2/repository/models/m/unload');
    await until(() => triton.stubPids('m').length === 0);
    assert.deepEqual(
      triton.events('m').map((event) => event.what),
      ['initialize', 'initialized', 'execute', 'executed', 'finalize', 'finalized'],
    );
    assert.equal((await triton.stop()).code, 0);
  });

  it('keeps two servers apart', async () => {
    const models = [aRealModel({ name: 'm' })];
    const started = [kit.start({ models, extraArgs: QUICK }), kit.start({ models, extraArgs: QUICK })];
    const [one, other] = (await Promise.all(started)) as [RealTriton, RealTriton];
    await load(one, 'm');
    assert.equal(one.stubPids('m').length, 1);
    assert.equal(other.stubPids('m').length, 0);
    assert.equal(other.initialisations('m'), 0);
    assert.deepEqual(await index(other), [{ name: 'm' }]);
  });

  it('comes back on the same ports after a kill, with nothing loaded', async () => {
    const triton = await kit.start({
      models: [aRealModel({ name: 'm', instanceCount: 2 })],
      extraArgs: QUICK,
    });
    await load(triton, 'm');
    const before = { pid: triton.pid, grpc: triton.grpc, http: triton.http };
    assert.equal((await triton.kill()).signal, 'SIGKILL');
    assert.deepEqual(triton.stubPids('m'), []);

    await triton.restart();
    assert.deepEqual({ grpc: triton.grpc, http: triton.http }, { grpc: before.grpc, http: before.http });
    assert.notEqual(triton.pid, before.pid);
    assert.deepEqual(await index(triton), [{ name: 'm' }]);
    await load(triton, 'm');
    assert.equal(triton.initialisations('m'), 4);
  });

  it('hides a model from the repository and puts it back', async () => {
    const triton = await kit.start({ models: [aRealModel({ name: 'm' })] });
    await triton.removeModelDirectory('m');
    assert.deepEqual(await index(triton), []);
    await triton.restoreModelDirectory('m');
    await triton.addModel(aRealModel({ name: 'n' }));
    assert.deepEqual(await index(triton), [{ name: 'm' }, { name: 'n' }]);
  });

  it('builds models that fail, each in its way', async () => {
    const raising = aRealModel({ name: 'raising', fail: 'exception' });
    const ending = aRealModel({ name: 'ending', fail: 'exit' });
    const hanging = aRealModel({ name: 'hanging', missingModelFile: true });
    const triton = await kit.start({ models: [raising, ending, hanging], extraArgs: QUICK });
    const stuck = load(triton, 'hanging').catch(() => {});
    await until(() => triton.log().includes('loading: hanging:1')); // a request at once could get its thread
    await assert.rejects(load(triton, 'raising'), /CUDA out of memory/);
    await assert.rejects(load(triton, 'ending'), /is not healthy/);
    assert.equal(await stateOf(triton, 'hanging'), 'LOADING');
    await triton.kill();
    await stuck;
  });

  it('builds ensembles', async () => {
    const steps = ['first', 'second'];
    const models = [...steps.map((name) => aRealModel({ name })), anEnsemble({ name: 'both', steps })];
    const triton = await kit.start({ models, extraArgs: QUICK });
    await load(triton, 'both');
    assert.equal(await infer(triton, 'both', 1), 4);
    assert.match(triton.log(), /successfully loaded 'both'/);
  });

  it('leaves nothing behind', async () => {
    const triton = await kit.start();
    await kit.close();
    assert.equal(existsSync(triton.repository), false);
    await assert.rejects(fetch(`${triton.http}/v2/health/live`));
  });
});

async function load(triton: RealTriton, model: string): Promise<void> {
  await post(triton, `v2/repository/models/${model}/load`);
}

async function index(triton: RealTriton): Promise<unknown> {
  return await post(triton, 'v2/repository/index');
}

async function stateOf(triton: RealTriton, model: string): Promise<string | undefined> {
  const rows = (await index(triton)) as { name: string; state?: string }[];
  return rows.find((row) => row.name === model)?.state;
}

async function infer(triton: RealTriton, model: string, value: number): Promise<number | undefined> {
  const inputs = [{ name: 'IN', datatype: 'FP32', shape: [1], data: [value] }];
  const answer = (await post(triton, `v2/models/${model}/infer`, { inputs })) as {
    outputs: { data: number[] }[];
  };
  return answer.outputs[0]?.data[0];
}

/** Without keep-alive, which would hold up the server's exit. */
async function post(triton: RealTriton, path: string, body: object = {}): Promise<unknown> {
  const headers = { connection: 'close' };
  const response = await fetch(`${triton.http}/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === '' ? undefined : JSON.parse(text);
}
