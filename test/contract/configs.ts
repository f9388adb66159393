import { expect, it } from '@jest/globals';
import {
  endOf,
  infer,
  inferCounted,
  type MakeStage,
  named,
  onOneStage,
  PATIENTLY,
  see,
  type Setting,
  untilSeen,
} from './stage.js';

const MODELS = [
  { name: 'described', instances: 2 },
  { name: 'undecided', instances: 0 },
  { name: 'overridden' },
  { name: 'kept' },
  { name: 'cold' },
  { name: 'versioned', versions: [1, 2] },
  { name: 'both', steps: ['first', 'second'] },
  { name: 'first' },
  { name: 'second' },
  { name: 'partly', steps: ['sound', 'nothere'] },
  { name: 'sound' },
  { name: 'badly', steps: ['solid', 'large'] },
  { name: 'solid' },
  { name: 'large', fails: 'memory' },
] as const;

/** Configs that are read and sent, and ensembles. */
export function configsContract(makeStage: MakeStage): void {
  onOneStage('configs and ensembles', makeStage, MODELS, [
    descriptions,
    overrides,
    ensembles,
    brokenEnsembles,
  ]);
}

function descriptions(setting: Setting): void {
  it('describes a model that serves', async () => {
    const { server } = setting();
    await server.load(named('described'), null, PATIENTLY);
    const { config, steps } = await server.describe(named('described'));
    expect({ ...config, steps }).toMatchObject({ kind: 'cpu', gpus: [], count: 2, steps: [] });
    expect(JSON.parse(config.json)).toMatchObject({
      name: 'described',
      backend: 'python',
      input: [{ name: 'IN', data_type: 'TYPE_FP32', dims: ['1'] }],
      output: [{ name: 'OUT', data_type: 'TYPE_FP32', dims: ['1'] }],
      instance_group: [{ kind: 'KIND_CPU', count: 2 }],
      parameters: { tag: { string_value: 'A' } },
    });
  });

  it('describes where a model is whose config says nothing of that', async () => {
    const { server } = setting();
    await server.load(named('undecided'), null, PATIENTLY);
    const { config } = await server.describe(named('undecided'));
    expect(config).toMatchObject({ kind: 'cpu', gpus: [], count: 1 });
    expect(JSON.parse(config.json)).toMatchObject({
      instance_group: [{ name: 'undecided', kind: 'KIND_CPU', count: 1 }],
    });
  });

  it('takes back the config that it gave, and changes nothing by it', async () => {
    const { server, stage } = setting();
    await server.load(named('kept'), null, PATIENTLY);
    await inferCounted(stage, 'kept');
    const { config } = await server.describe(named('kept'));
    await server.load(named('kept'), { base: config.json, gpus: [] }, PATIENTLY);
    expect((await see(server, 'kept')).serving).toMatchObject([{ succeeded: 1 }]);
    expect((await server.describe(named('kept'))).config).toEqual(config);
  });

  it('describes no model that does not serve', async () => {
    await expect(setting().server.describe(named('nobody'))).rejects.toThrow();
    await expect(setting().server.describe(named('sound'))).rejects.toThrow();
  });
}

function overrides(setting: Setting): void {
  it('loads with the config that was sent, in place of the one on disk', async () => {
    const { server } = setting();
    await server.load(named('overridden'), null, PATIENTLY);
    const { config } = await server.describe(named('overridden'));
    const base = JSON.stringify({ ...JSON.parse(config.json), parameters: { tag: { string_value: 'B' } } });
    await server.load(named('overridden'), { base, gpus: [] }, PATIENTLY);
    const { json } = (await server.describe(named('overridden'))).config;
    expect(JSON.parse(json)).toMatchObject({ parameters: { tag: { string_value: 'B' } } });
  });

  it('refuses a GPU that is not there, and keeps what serves', async () => {
    const { server } = setting();
    const base = JSON.stringify({ backend: 'python', max_batch_size: 0 });
    expect(await endOf(server.load(named('cold'), { base, gpus: [0] }, PATIENTLY))).toBe('configuration');
    expect((await see(server, 'cold')).rows).toMatchObject([
      ['1', 'UNAVAILABLE', expect.stringContaining('gpu id 0')],
    ]);

    await server.load(named('cold'), null, PATIENTLY);
    expect(await endOf(server.load(named('cold'), { base, gpus: [0] }, PATIENTLY))).toBe('configuration');
    expect(await see(server, 'cold')).toMatchObject({
      is: 'serving',
      rows: [['1', 'READY', '']],
    });
  });

  it('serves the newest version, or all where the config says so', async () => {
    const { server } = setting();
    await server.load(named('versioned'), null, PATIENTLY);
    expect((await see(server, 'versioned')).serving).toMatchObject([{ version: '2' }]);
    const { config } = await server.describe(named('versioned'));
    const base = JSON.stringify({ ...JSON.parse(config.json), version_policy: { all: {} } });
    await server.load(named('versioned'), { base, gpus: [] }, PATIENTLY);
    const seen = await see(server, 'versioned');
    expect(seen.serving.map(({ version }) => version).toSorted()).toEqual(['1', '2']);
    await server.unload(named('versioned'));
    expect((await untilSeen(server, 'versioned', 'absent')).rows).toHaveLength(2);
  });
}

function ensembles(setting: Setting): void {
  it('loads an ensemble with its steps, and tells what it is made of', async () => {
    const { server, stage } = setting();
    await server.load(named('both'), null, PATIENTLY);
    for (const name of ['both', 'first', 'second'])
      expect((await see(server, name)).rows).toEqual([['1', 'READY', '']]);
    const { config, steps } = await server.describe(named('both'));
    expect(steps).toEqual(['first', 'second']);
    expect(JSON.parse(config.json)).toMatchObject({
      platform: 'ensemble',
      ensemble_scheduling: { step: [{}, {}] },
    });
    await infer(stage, 'both');
  });

  it('leaves the steps of an ensemble that is unloaded', async () => {
    const { server } = setting();
    await server.load(named('both'), null, PATIENTLY);
    await server.unload(named('both'));
    await untilSeen(server, 'both', 'absent');
    expect((await see(server, 'first')).is).toBe('serving');
    expect((await see(server, 'second')).is).toBe('serving');
  });

  it('takes an ensemble down with its step, and brings it back with it', async () => {
    const { server } = setting();
    await server.load(named('both'), null, PATIENTLY);
    await server.unload(named('first'));
    expect((await see(server, 'both')).serving).toEqual([]);
    await untilSeen(server, 'first', 'absent');
    await untilSeen(server, 'both', 'absent');
    await server.load(named('first'), null, PATIENTLY);
    await untilSeen(server, 'both', 'serving');
  });
}

function brokenEnsembles(setting: Setting): void {
  it('refuses an ensemble that lacks a step, and leaves the other steps loaded', async () => {
    const { server } = setting();
    expect(await endOf(server.load(named('partly'), null, PATIENTLY))).toBe('missing');
    expect(await see(server, 'partly')).toMatchObject({ rows: [['', '', '']], serving: [] });
    await untilSeen(server, 'sound', 'serving');
  });

  it('refuses an ensemble with a step that fails, for its cause', async () => {
    const { server } = setting();
    expect(await endOf(server.load(named('badly'), null, PATIENTLY))).toBe('capacity');
    expect(await see(server, 'badly')).toMatchObject({ rows: [['', '', '']], serving: [] });
    await untilSeen(server, 'solid', 'serving');
  });
}
