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
  untilExecuting,
  untilSeen,
} from './stage.js';

const MODELS = [
  { name: 'plain' },
  { name: 'slow', loadMs: 1_500 },
  { name: 'slower', loadMs: 4_000 },
  { name: 'awaited', loadMs: 1_500 },
  { name: 'reloaded' },
  { name: 'again' },
  { name: 'busy', inferMs: 1_500 },
  { name: 'never' },
  { name: 'large', fails: 'memory' },
  { name: 'broken', fails: 'exception' },
  { name: 'empty', lacks: 'version' },
  { name: 'hollow', lacks: 'file' },
] as const;

/** Loads and unloads: what they bring about, and when they are refused. */
export function ordersContract(makeStage: MakeStage): void {
  onOneStage('orders', makeStage, MODELS, [loads, slowLoads, unloads, refusals]);
}

function loads(setting: Setting): void {
  it('load a model, which is in the index before without a version and serves after', async () => {
    const { server } = setting();
    expect(await see(server, 'plain')).toMatchObject({
      is: 'absent',
      rows: [['', '', '']],
    });
    expect(await server.load(named('plain'), null, PATIENTLY)).toEqual(['1']);
    expect(await see(server, 'plain')).toEqual({
      is: 'serving',
      rows: [['1', 'READY', '']],
      serving: [
        {
          model: 'plain',
          version: '1',
          ...{ lastInference: 0, succeeded: 0, failed: 0, waited: 0, memory: [] },
        },
      ],
    });
  });

  it('change nothing where the model serves and its files are the same', async () => {
    const { server, stage } = setting();
    await server.load(named('again'), null, PATIENTLY);
    await inferCounted(stage, 'again');
    await server.load(named('again'), null, PATIENTLY);
    expect((await see(server, 'again')).serving).toMatchObject([{ succeeded: 1 }]);
  });

  it('load a model anew whose files have changed, with counts that begin anew', async () => {
    const { server, stage } = setting();
    await server.load(named('reloaded'), null, PATIENTLY);
    await inferCounted(stage, 'reloaded');
    await stage.touchFiles('reloaded');
    await server.load(named('reloaded'), null, PATIENTLY);
    expect((await see(server, 'reloaded')).serving).toMatchObject([{ succeeded: 0, lastInference: 0 }]);
  });
}

function slowLoads(setting: Setting): void {
  it('show a load that is under way', async () => {
    const { server } = setting();
    const load = server.load(named('slow'), null, PATIENTLY);
    const seen = await untilSeen(server, 'slow', 'coming');
    expect(seen).toMatchObject({ rows: [['1', 'LOADING', '']], serving: [] });
    await load;
    expect((await see(server, 'slow')).is).toBe('serving');
  });

  it('leave a load running whose deadline has passed', async () => {
    const { server } = setting();
    expect(await endOf(server.load(named('slower'), null, 300))).toBe('unknown');
    expect((await see(server, 'slower')).is).toBe('coming');
    await untilSeen(server, 'slower', 'serving');
  });

  it('let a second load of the same model wait for the first', async () => {
    const { server } = setting();
    const ends = [1, 2].map(() => endOf(server.load(named('awaited'), null, PATIENTLY)));
    expect(await Promise.all(ends)).toEqual(['done', 'done']);
    expect((await see(server, 'awaited')).rows).toEqual([['1', 'READY', '']]);
  });

  it('never end the load of a model without its file', async () => {
    const { server } = setting();
    expect(await endOf(server.load(named('hollow'), null, 1_000))).toBe('unknown');
    expect(await see(server, 'hollow')).toMatchObject({
      is: 'coming',
      rows: [['1', 'LOADING', '']],
    });
  });
}

function unloads(setting: Setting): void {
  it('unload a model, which is gone only some time after the answer', async () => {
    const { server } = setting();
    await server.load(named('plain'), null, PATIENTLY);
    await server.unload(named('plain'));
    expect(await see(server, 'plain')).toEqual({
      is: 'leaving',
      rows: [['1', 'UNLOADING', '']],
      serving: [],
    });
    const seen = await untilSeen(server, 'plain', 'absent');
    expect(seen.rows).toEqual([['1', 'UNAVAILABLE', 'unloaded']]);
  });

  it('load a model at once that is still leaving', async () => {
    const { server } = setting();
    await server.load(named('plain'), null, PATIENTLY);
    await server.unload(named('plain'));
    expect((await see(server, 'plain')).is).toBe('leaving');
    await server.load(named('plain'), null, PATIENTLY);
    expect((await see(server, 'plain')).is).toBe('serving');
  });

  it('let an inference end that was running before the unload', async () => {
    const { server, stage } = setting();
    await server.load(named('busy'), null, PATIENTLY);
    const answer = infer(stage, 'busy');
    await untilExecuting(stage, 'busy');
    await server.unload(named('busy'));
    expect((await see(server, 'busy')).is).toBe('leaving');
    await answer;
    await untilSeen(server, 'busy', 'absent');
  });

  it.each(['nobody', 'never'])('unload %s, which is not loaded, without a word', async (name) => {
    await setting().server.unload(named(name));
  });
}

function refusals(setting: Setting): void {
  it.each([
    ['nobody', 'missing'],
    ['empty', 'missing'],
    ['large', 'capacity'],
    ['broken', 'configuration'],
  ])('are refused: %s is %s', async (name, cause) => {
    expect(await endOf(setting().server.load(named(name), null, PATIENTLY))).toBe(cause);
  });

  it('leave the cause in the index, and the model absent', async () => {
    const { server } = setting();
    await endOf(server.load(named('broken'), null, PATIENTLY));
    const { is, rows } = await see(server, 'broken');
    expect(is).toBe('absent');
    expect(rows).toEqual([['1', 'UNAVAILABLE', expect.stringMatching(/^Internal: /)]]);
  });

  it('are refused for a config that Triton can not read', async () => {
    const config = { base: '{"no_such_field":1}', gpus: [] };
    expect(await endOf(setting().server.load(named('never'), config, PATIENTLY))).toBe('configuration');
    expect((await see(setting().server, 'never')).rows).toEqual([['', '', '']]);
  });
}
