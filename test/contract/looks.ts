import { expect, it } from '@jest/globals';
import { until } from '../support/until.js';
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
  visit,
  type Visitor,
} from './stage.js';

const MODELS = [
  { name: 'counted' },
  { name: 'busy', inferMs: 2_000 },
  { name: 'dying' },
  { name: 'twice' },
  { name: 'removed' },
] as const;

/** What a look tells of models that serve, and where it tells less than the truth. */
export function looksContract(makeStage: MakeStage): void {
  onOneStage('a look', makeStage, MODELS, [counts, measures, hiddenModels]);
}

function counts(setting: Setting): void {
  it('counts the inferences that succeeded', async () => {
    const { server, stage } = setting();
    await server.load(named('counted'), null, PATIENTLY);
    const before = Date.now();
    await inferCounted(stage, 'counted');
    await inferCounted(stage, 'counted');
    const [row] = (await see(server, 'counted')).serving;
    expect(row).toMatchObject({ succeeded: 2, failed: 0 });
    expect(row?.lastInference).toBeGreaterThanOrEqual(before);
    expect(row?.lastInference).toBeLessThanOrEqual(Date.now());
  });

  it('counts failures of a model that has died, and shows no other sign of it', async () => {
    const { server, stage } = setting();
    await server.load(named('dying'), null, PATIENTLY);
    stage.crashModel('dying');
    await expect(infer(stage, 'dying')).rejects.toThrow();
    // The answer is out before it is counted.
    const seen = await until(async () => {
      const told = await see(server, 'dying');
      return told.serving[0]?.failed ? told : undefined;
    });
    expect(seen).toMatchObject({
      rows: [['1', 'READY', '']],
      serving: [{ succeeded: 0, failed: 1, lastInference: 0 }],
    });
    expect(await endOf(server.load(named('dying'), null, PATIENTLY))).toBe('done');
  });
}

function measures(setting: Setting): void {
  it('counts what is queued, and not what executes', async () => {
    const { server, stage } = setting();
    await server.load(named('busy'), null, PATIENTLY);
    const answers = [1, 2, 3].map(() => infer(stage, 'busy'));
    await until(async () => (await pending(setting())) === 2);
    await until(async () => (await pending(setting())) === 1);
    await until(async () => (await pending(setting())) === 0);
    expect(stage.isExecuting('busy')).toBe(true);
    await Promise.all(answers);
  });

  it('finds no GPU where there is none, and the memory of the host', async () => {
    const { metrics } = await setting().server.look('statistics', false);
    expect(metrics?.gpus).toEqual([]);
    expect(metrics?.hostMemory).toBeGreaterThan(2 ** 28);
  });

  it('does without metrics where they are elsewhere', async () => {
    const { stage } = setting();
    const { server: lost } = await visit(stage, { metrics: `${new URL(stage.metrics).origin}/elsewhere` });
    expect((await lost.look('full', false)).metrics).toBeNull();
  });
}

async function pending({ server }: Visitor): Promise<number | undefined> {
  const { metrics } = await server.look('statistics', false);
  return metrics?.pending.get(named('busy'));
}

function hiddenModels(setting: Setting): void {
  it('has no row of a model whose directory is gone, although it serves', async () => {
    const { server, stage } = setting();
    await server.load(named('removed'), null, PATIENTLY);
    await stage.removeDirectory('removed');
    expect(await see(server, 'removed')).toMatchObject({ is: 'serving', rows: [] });
    await infer(stage, 'removed');
    expect(await endOf(server.load(named('removed'), null, PATIENTLY))).toBe('missing');
    await server.unload(named('removed'));
    expect(await see(server, 'removed')).toEqual({
      is: 'unlisted',
      rows: [],
      serving: [],
    });
    await stage.restoreDirectory('removed');
    await untilSeen(server, 'removed', 'absent');
  });

  it('has a row that says nothing of a model that is in two repositories', async () => {
    const { server, stage } = setting();
    await server.load(named('twice'), null, PATIENTLY);
    await stage.duplicate('twice');
    const rows = [['', 'UNAVAILABLE', 'model appears in two or more repositories']];
    expect(await see(server, 'twice')).toMatchObject({ is: 'serving', rows });
    expect(await endOf(server.load(named('twice'), null, PATIENTLY))).toBe('configuration');
    await server.unload(named('twice'));
    expect(await see(server, 'twice')).toEqual({
      is: 'unlisted',
      rows,
      serving: [],
    });
  });
}
