import { expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { configOf } from './model-config.js';
import {
  ask,
  type ContractModel,
  endOf,
  inferCounted,
  loadWith,
  type MakeStage,
  named,
  onOneStage,
  PATIENTLY,
  see,
  type Setting,
  untilSeen,
} from './stage.js';
import { inference } from './wire.js';

const MODELS = [
  { name: 'plain' },
  { name: 'bare' },
  { name: 'moved' },
  { name: 'policed' },
  { name: 'versioned', versions: [1, 2], servesAll: true },
  { name: 'empty', lacks: 'version' },
  { name: 'refreshed' },
  { name: 'after', steps: ['refreshed'] },
  { name: 'anew', loadMs: 1_000 },
  { name: 'outliving', steps: ['anew'] },
  { name: 'stripped' },
  { name: 'around', steps: ['stripped'] },
  { name: 'worn' },
  { name: 'about', steps: ['worn'] },
  { name: 'taken' },
  { name: 'user', steps: ['taken'] },
  { name: 'sound' },
  { name: 'lacking', steps: ['sound', 'nothere', 'norhere'] },
  { name: 'gone' },
  { name: 'without', steps: ['gone'] },
] as const satisfies readonly ContractModel[];

/** What random sequences found that was believed to be otherwise; docs/triton-notes.md tells what was believed. */
export function foundContract(makeStage: MakeStage): void {
  onOneStage('what random sequences found', makeStage, MODELS, [
    ensemblesOfNewSteps,
    ensemblesThatOutlive,
    ensemblesOfStepsInPart,
    lackingSteps,
    changesInPlace,
    brokenVersions,
    configsThatLackSomething,
  ]);
}

const modelNamed = (name: string): ContractModel => MODELS.find((model) => model.name === name)!;

function ensemblesOfNewSteps(setting: Setting): void {
  it('an ensemble is loaded anew with its step, and at every order from then on', async () => {
    const { server, stage } = setting();
    const count = async () => (await see(server, 'after')).serving.map(({ succeeded }) => succeeded);
    await server.load(named('after'), null, PATIENTLY);
    await inferCounted(stage, 'after');
    await server.load(named('plain'), null, PATIENTLY);
    expect(await count()).toEqual([1]);
    await stage.writeVersion('refreshed', 1, false);
    await server.load(named('refreshed'), null, PATIENTLY);
    expect(await count()).toEqual([0]);
    for (const order of ['load', 'unload'] as const) {
      await inferCounted(stage, 'after');
      if (order === 'load') await server.load(named('plain'), null, PATIENTLY);
      else await server.unload(named('nobody'));
      expect(await count()).toEqual([0]);
    }
  });

  it('an ensemble leaves when a step comes up with a config that does not fit it', async () => {
    const { server } = setting();
    await server.load(named('around'), null, PATIENTLY);
    expect(await loadWith(setting().stage, 'stripped', { backend: 'python' })).toMatchObject({ code: 'OK' });
    expect((await untilSeen(server, 'around', 'absent')).rows).toEqual([['1', 'UNAVAILABLE', 'unloaded']]);
    expect((await see(server, 'stripped')).is).toBe('serving');
  });
}

function ensemblesThatOutlive(setting: Setting): void {
  it('an ensemble that is unloaded while its step is loaded anew serves again, until it is loaded and unloaded', async () => {
    const { server, stage } = setting();
    let tries = 0;
    // The load may begin after the unload: then the ensemble has gone for good.
    const outlives = async (): Promise<boolean> => {
      await server.load(named('outliving'), null, PATIENTLY);
      const load = loadWith(
        stage,
        'anew',
        configOf({ name: 'anew', loadMs: 1_000, tag: `try ${(tries += 1)}` }),
      );
      await see(server, 'anew');
      await server.unload(named('outliving'));
      await load;
      return (await see(server, 'outliving')).is === 'serving';
    };
    await until(outlives);
    for (const name of ['outliving', 'anew'] as const) await server.unload(named(name));
    await untilSeen(server, 'anew', 'absent');
    expect((await see(server, 'outliving')).rows).toEqual([['1', 'READY', '']]);
    await server.load(named('outliving'), null, PATIENTLY);
    await server.unload(named('outliving'));
    await untilSeen(server, 'outliving', 'absent');
  });
}

function ensemblesOfStepsInPart(setting: Setting): void {
  it('an ensemble is held against the step as it serves, not as it was read last', async () => {
    const { server, stage } = setting();
    await loadWith(setting().stage, 'worn', { backend: 'python' });
    await stage.writeVersion('worn', 1, true);
    expect(await endOf(server.load(named('worn'), null, PATIENTLY))).toBe('configuration');
    expect(await ask(stage, 'RepositoryModelLoad', { model_name: 'about' })).toMatchObject({
      text: expect.stringContaining('mapping to non-existing input IN in model worn'),
    });
  });

  it('a step that serves is not asked for by its own name where its load changes nothing', async () => {
    const { server, stage } = setting();
    await server.load(named('user'), null, PATIENTLY);
    await server.load(named('taken'), null, PATIENTLY);
    const parameters = { unload_dependents: { bool_param: true } };
    await ask(stage, 'RepositoryModelUnload', { model_name: 'user', parameters });
    await untilSeen(server, 'taken', 'absent');
  });
}

function lackingSteps(setting: Setting): void {
  it('an ensemble is refused for the first step it lacks; the next time it could only not be read', async () => {
    const { stage } = setting();
    const order = () => ask(stage, 'RepositoryModelLoad', { model_name: 'lacking' });
    const lacks = 'ensemble lacking contains models that are not available or ambiguous: nothere';
    expect(await order()).toEqual({
      code: 'INVALID_ARGUMENT',
      text: `load failed for model 'lacking': ${lacks}\n`,
    });
    const notRead = `failed to load 'lacking', failed to poll from model repository`;
    expect(await order()).toEqual({ code: 'INTERNAL', text: notRead });
  });

  it('an ensemble comes up although the order is refused, where the directory of a step that serves has gone', async () => {
    const { server, stage } = setting();
    await server.load(named('gone'), null, PATIENTLY);
    await stage.removeDirectory('gone');
    expect(await endOf(server.load(named('without'), null, PATIENTLY))).toBe('configuration');
    expect((await see(server, 'without')).is).toBe('serving');
  });
}

function changesInPlace(setting: Setting): void {
  it('a GPU that is not there is refused in place, where nothing else changes, and the row tells it', async () => {
    const { server } = setting();
    await server.load(named('moved'), null, PATIENTLY);
    const instance_group = [{ kind: 'KIND_GPU', gpus: [0] }];
    const answer = await loadWith(setting().stage, 'moved', {
      ...configOf(modelNamed('moved')),
      instance_group,
    });
    expect(answer).toMatchObject({
      code: 'INVALID_ARGUMENT',
      text: expect.stringContaining('is at READY state: '),
    });
    const { is, rows } = await see(server, 'moved');
    expect(is).toBe('serving');
    expect(rows).toEqual([['1', 'READY', expect.stringContaining('gpu id 0')]]);
  });

  it('a version policy that changes in place is not told', async () => {
    const { server, stage } = setting();
    await server.load(named('policed'), null, PATIENTLY);
    await loadWith(setting().stage, 'policed', {
      ...configOf(modelNamed('policed')),
      version_policy: { all: {} },
    });
    expect(await ask(stage, 'ModelConfig', { name: 'policed' })).toMatchObject({
      value: { config: { version_policy: { latest: { num_versions: 1 } } } },
    });
  });
}

function brokenVersions(setting: Setting): void {
  it('a version that serves goes on as it was where another one fails to be loaded anew', async () => {
    const { server, stage } = setting();
    await server.load(named('versioned'), null, PATIENTLY);
    await inferCounted(stage, 'versioned', inference('versioned', '1'));
    await stage.writeVersion('versioned', 1, false);
    await stage.writeVersion('versioned', 2, true);
    expect(await endOf(server.load(named('versioned'), null, PATIENTLY))).toBe('configuration');
    const { rows, serving } = await see(server, 'versioned');
    expect(rows).toEqual(['1', '2'].map((version) => [version, 'READY', '']));
    expect(serving).toMatchObject([
      { version: '1', succeeded: 1 },
      { version: '2', succeeded: 0 },
    ]);
  });
}

function configsThatLackSomething(setting: Setting): void {
  it('a model whose config declares no input takes none', async () => {
    const { stage } = setting();
    expect(await loadWith(setting().stage, 'bare', { backend: 'python' })).toMatchObject({ code: 'OK' });
    expect(await ask(stage, 'ModelInfer', inference('bare'))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      text: expect.stringContaining("expected 0 inputs but got 1 inputs for model 'bare'"),
    });
  });

  it('a config without a backend is not read where no file tells it', async () => {
    expect(await loadWith(setting().stage, 'empty', {})).toMatchObject({ code: 'INTERNAL' });
    expect((await see(setting().server, 'empty')).rows).toEqual([['', '', '']]);
  });
}
