import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type ModelFolder, type RealTriton } from '../support/real-triton.js';
import { PATIENCE_MS, until } from '../support/until.js';
import { infer } from './someone.js';
import { aQuickModel, aServer, Stage, startTriton } from './stage.js';

const SECRET = 'the weights are in a drawer';

describeReal('a load that fails', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    const models = [
      aQuickModel('large', { fail: 'exception' }),
      raising('broken', `ValueError("${SECRET}")`),
      misconfigured('garbled'),
      { ...aQuickModel('empty'), folders: [], files: configOnly('empty') },
    ];
    a = await startTriton(kit, { id: 'a', models });
    stage = await Stage.open([aServer(a)]);
  });

  afterAll(() => stage.close());

  it("for a cause that lasts is told with the cause, and Triton's words only to operators", async () => {
    for (const model of ['broken', 'garbled']) {
      const { status, result, body } = await stage.resolve(model);
      expect([model, status, result, body.cause]).toEqual([model, 502, 'load_failed', 'configuration']);
      expect(JSON.stringify(body)).not.toContain(SECRET);
      await until(async () => (await stage.model(model)).state === 'cooling_down');
      expect((await stage.model(model)).lastFailure).toMatchObject({ cause: 'configuration' });
    }
    expect(await stage.resolve('empty')).toMatchObject({ result: 'load_failed', body: { cause: 'missing' } });
    expect(stage.berth.log()).toContain(SECRET);
    expect(a.initialisations('broken')).toBe(0);
    await until(async () => (await stage.heldMb('a')) === 0);
  });

  it('for lack of memory is tried again later', async () => {
    const { status, body, headers } = await until(async () => {
      const answer = await stage.resolve('large', { waitMs: 800 });
      return answer.result === 'loading' ? undefined : answer;
    });
    expect([status, body.reason, body.cause]).toEqual([503, 'cooling_down', 'capacity']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const { lastFailure, nextTryAt } = await stage.model('large');
    expect(lastFailure).toMatchObject({ cause: 'capacity' });
    expect(nextTryAt).not.toBeNull();
    await a.addModel(aQuickModel('large'));
    await until(async () => (await stage.resolve('large')).result === 'routed');
    expect(await infer(a, 'large', 2)).toBe(4);
    expect((await stage.model('large')).lastFailure).toBeNull();
  });

  it('is tried again when the declaration changes, or an admin says so', async () => {
    await a.addModel(aQuickModel('broken'));
    const order = await stage.berth.request('POST', `/v1/models/broken/load?waitMs=${PATIENCE_MS}`, {});
    expect(order).toMatchObject({ status: 202, body: { state: 'ready', lastFailure: null } });
    await a.addModel(aQuickModel('garbled'));
    await stage.berth.request('PUT', '/v1/models/garbled', { labels: { mended: 'yes' } });
    expect(await stage.route('garbled')).toBe('a');
  });
});

describeReal('a model that is not known', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    a = await startTriton(kit, { id: 'a' });
    stage = await Stage.open([aServer(a)]);
  });

  afterAll(() => stage.close());

  it('is looked for in the repository before a request is told so', async () => {
    await a.addModel(aQuickModel('newcomer'));
    expect(await stage.route('newcomer')).toBe('a');
    expect(await stage.model('newcomer')).toMatchObject({ source: 'discovered', state: 'ready' });
    const { status, result } = await stage.resolve('nobody');
    expect([status, result]).toEqual([404, 'unknown_model']);
  });

  it('is found without being asked for', async () => {
    await a.addModel(aQuickModel('quiet'));
    await until(async () => (await stage.model('quiet')).state === 'absent');
    expect(await stage.route('quiet')).toBe('a');
  });
});

function raising(name: string, exception: string): ModelFolder {
  const folder = aQuickModel(name);
  const code = `class TritonPythonModel:\n    def initialize(self, args):\n        raise ${exception}\n`;
  return { ...folder, files: { ...folder.files, '1/model.py': code } };
}

function misconfigured(name: string): ModelFolder {
  const folder = aQuickModel(name);
  return { ...folder, files: { ...folder.files, 'config.pbtxt': `name: "${name}" max_batch_size: what` } };
}

const configOnly = (name: string): ModelFolder['files'] => ({
  'config.pbtxt': aQuickModel(name).files['config.pbtxt']!,
});
