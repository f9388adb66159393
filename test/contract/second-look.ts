import { expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { configOf } from './model-config.js';
import {
  ask,
  type ContractModel,
  infer,
  inferCounted,
  loadWith,
  type MakeStage,
  named,
  onOneStage,
  PATIENTLY,
  see,
  type Setting,
  type Stage,
  statisticsOf,
  untilSeen,
} from './stage.js';
import { batch, type Message } from './wire.js';

const MODELS = [
  { name: 'read' },
  { name: 'misnamed', says: 'another' },
  { name: 'warmed' },
  { name: 'batched' },
  { name: 'measured' },
  { name: 'busy', inferMs: 2_000 },
  { name: 'with blank' },
] as const satisfies readonly ContractModel[];

/** What a second look at the real server found, and the simulated one had not; docs/triton-notes.md tells of both. */
export function secondLookContract(makeStage: MakeStage): void {
  onOneStage('what a second look found', makeStage, MODELS, [
    unreadConfigs,
    readConfigs,
    refusedConfigs,
    counts,
    series,
    hanging,
  ]);
}

const notRead = (name: string): string => `failed to load '${name}', failed to poll from model repository`;

/** Loads a model with its config and something else in it. */
function load({ stage }: ReturnType<Setting>, name: string, change: object) {
  return loadWith(stage, name, { ...configOf(MODELS.find((model) => model.name === name)!), ...change });
}

function unreadConfigs(setting: Setting): void {
  it.each([
    ['an unknown kind', { instance_group: [{ kind: 'KIND_BOGUS' }] }],
    ['an unknown field in a group', { instance_group: [{ kind: 'KIND_CPU', bogus: 1 }] }],
    ['a text for a number', { max_batch_size: 'abc' }],
    ['a fraction for a count', { instance_group: [{ kind: 'KIND_CPU', count: 1.5 }] }],
    ['a text for groups', { instance_group: 'x' }],
    ['a number for a backend', { backend: 3 }],
    ['an unknown type of data', { input: [{ name: 'IN', data_type: 'TYPE_X', dims: [1] }] }],
    ['a text for parameters', { parameters: 'x' }],
    ['fewer versions than none', { version_policy: { latest: { num_versions: -1 } } }],
    ['two policies', { version_policy: { all: {}, latest: { num_versions: 1 } } }],
  ])('a config is not read that has %s', async (_, change) => {
    expect(await load(setting(), 'read', change)).toEqual({ code: 'INTERNAL', text: notRead('read') });
  });
}

function readConfigs(setting: Setting): void {
  it.each([
    ['a kind in small letters', { instance_group: [{ kind: 'kind_cpu' }] }],
    ['a number for a kind', { instance_group: [{ kind: 2 }] }],
    ['one group that is no list', { instance_group: { kind: 'KIND_CPU' } }],
    ['a number as a text', { max_batch_size: '2' }],
    ['an empty policy', { version_policy: {} }],
    ['less instances than none', { instance_group: [{ kind: 'KIND_CPU', count: -1 }] }],
  ])('a config is read that has %s', async (_, change) => {
    expect(await load(setting(), 'read', change)).toMatchObject({ code: 'OK' });
  });
}

function refusedConfigs(setting: Setting): void {
  it('a backend that does not exist, and no version at all, are read and refused', async () => {
    const refused = (text: string) => ({ code: 'INVALID_ARGUMENT', text: expect.stringContaining(text) });
    expect(await load(setting(), 'read', { backend: 'nosuch' })).toEqual(
      refused(
        "Invalid argument: unable to find backend library for backend 'nosuch', try specifying runtime",
      ),
    );
    expect(await load(setting(), 'read', { version_policy: { latest: { num_versions: 0 } } })).toEqual(
      refused('at least one version must be available under the version policy of model'),
    );
  });

  it('a config.pbtxt is not read that has another name', async () => {
    const answer = await ask(setting().stage, 'RepositoryModelLoad', { model_name: 'misnamed' });
    expect(answer).toEqual({ code: 'INTERNAL', text: notRead('misnamed') });
    expect((await see(setting().server, 'misnamed')).rows).toEqual([['', '', '']]);
  });
}

function counts(setting: Setting): void {
  it('a warm-up counts as inferences, of each instance, at the load', async () => {
    const inputs = { IN: { data_type: 'TYPE_FP32', dims: [1], zero_data: true } };
    const before = Date.now();
    const instance_group = [{ kind: 'KIND_CPU', count: 2 }];
    const model_warmup = [{ name: 'w', batch_size: 1, count: 2, inputs }];
    expect(await load(setting(), 'warmed', { model_warmup, instance_group })).toMatchObject({ code: 'OK' });
    const [row] = await statisticsOf(setting().stage, 'warmed');
    expect(row).toMatchObject({ inference_count: 4, execution_count: 4 });
    expect(row).toMatchObject({ inference_stats: { success: { count: 4 } } });
    expect(row?.['last_inference']).toBeGreaterThanOrEqual(before);
    expect(await seriesOf(setting().stage, 'warmed')).toEqual({ count: 4, pending: 0 });
  });

  it('a batch of two is two inferences, one execution and one success', async () => {
    const { stage } = setting();
    expect(await load(setting(), 'batched', { max_batch_size: 4 })).toMatchObject({ code: 'OK' });
    await inferCounted(stage, 'batched', batch('batched', 2));
    expect(await statisticsOf(stage, 'batched')).toMatchObject([
      {
        ...{ inference_count: 2, execution_count: 1, batch_stats: [{ batch_size: 2 }] },
        inference_stats: { success: { count: 1 } },
      },
    ]);
    expect(await ask(stage, 'ModelInfer', batch('batched', 5))).toEqual({
      code: 'INVALID_ARGUMENT',
      text: "[request id: <id_unknown>] inference request batch-size must be <= 4 for 'batched'",
    });
  });
}

function series(setting: Setting): void {
  it('the metrics count on through a full reload, and go with the last copy', async () => {
    const { server, stage } = setting();
    await server.load(named('measured'), null, PATIENTLY);
    await inferCounted(stage, 'measured');
    const parameters = { ...(configOf({ name: 'measured', tag: 'B' })['parameters'] as object) };
    expect(await load(setting(), 'measured', { parameters })).toMatchObject({ code: 'OK' });
    expect(await statisticsOf(stage, 'measured')).toMatchObject([{ inference_count: 0 }]);
    expect(await seriesOf(stage, 'measured')).toEqual({ count: 1, pending: 0 });
    await server.unload(named('measured'));
    await untilSeen(server, 'measured', 'absent');
    await until(async () => (await seriesOf(stage, 'measured')) === undefined);
  });

  it('the metrics of a new copy show the queue and the counts of the one behind it', async () => {
    const { server, stage } = setting();
    await server.load(named('busy'), null, PATIENTLY);
    const answers = [1, 2, 3].map(() => infer(stage, 'busy'));
    await until(async () => (await seriesOf(stage, 'busy'))?.pending === 2);
    await server.unload(named('busy'));
    expect(await seriesOf(stage, 'busy')).toEqual({ count: 0, pending: 2 });
    await server.load(named('busy'), null, PATIENTLY);
    expect(await seriesOf(stage, 'busy')).toMatchObject({ pending: expect.any(Number) });
    await Promise.all(answers);
    await until(async () => (await seriesOf(stage, 'busy'))?.count === 3);
    expect(await statisticsOf(stage, 'busy')).toMatchObject([{ inference_count: 0 }]);
  });
}

function hanging(setting: Setting): void {
  it('the load of a Python model never ends that has a blank in its name', async () => {
    const { server, stage } = setting();
    void ask(stage, 'RepositoryModelLoad', { model_name: 'with blank' });
    await until(async () => (await stateOf(stage, 'with blank')) === 'LOADING');
    // What was ordered later has come and gone.
    await server.load(named('measured'), null, PATIENTLY);
    await server.unload(named('measured'));
    await untilSeen(server, 'measured', 'absent');
    expect(await stateOf(stage, 'with blank')).toBe('LOADING');
  });
}

/** As the index has it; the adapter passes such a name over. */
async function stateOf(stage: Stage, name: string): Promise<unknown> {
  const answer = await ask(stage, 'RepositoryIndex', {});
  const rows = 'value' in answer ? (answer.value['models'] as readonly Message[]) : [];
  return rows.find((row) => row['name'] === name)?.['state'];
}

/** How often a model has succeeded and how much waits for it, by the metrics; undefined where it has no series. */
async function seriesOf(stage: Stage, name: string): Promise<{ count: number; pending: number } | undefined> {
  const text = await (await fetch(stage.metrics, { headers: { connection: 'close' } })).text();
  const of = (family: string) => new RegExp(`${family}{model="${name}",version="1"} (\\d+)`).exec(text)?.[1];
  const [count, pending] = [of('nv_inference_request_success'), of('nv_inference_pending_request_count')];
  return count === undefined ? undefined : { count: Number(count), pending: Number(pending) };
}
