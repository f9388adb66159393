import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import {
  endOf,
  infer,
  leaveAll,
  type MakeStage,
  named,
  PATIENTLY,
  see,
  type Stage,
  type StageOptions,
  untilExecuting,
  untilSeen,
  visit,
} from './stage.js';

/** How a server ends and comes back, and the ways in which it takes no orders. */
export function livesContract(makeStage: MakeStage): void {
  describe('a server', () => {
    let stage: Stage | undefined;
    const open = async (options: StageOptions) => (stage = await makeStage(options));

    afterEach(async () => {
      leaveAll();
      await stage?.close();
    });

    death(open);
    unloadDuringLoad(open);
    leaving(open);
    modes(open);
  });
}

function death(open: MakeStage): void {
  it('that is killed and started again is seen to have ended, to refuse and to be empty', async () => {
    const models = [{ name: 'm' }, { name: 'slow', loadMs: 10_000 }];
    const stage = await open({ models });
    const { server, facts } = await visit(stage);
    await server.load(named('m'), null, PATIENTLY);
    const load = endOf(server.load(named('slow'), null, PATIENTLY));
    await untilSeen(server, 'slow', 'coming');

    await stage.kill();
    expect(await load).toBe('unknown');
    await until(() => facts.includes('refused'));
    expect(facts).toEqual(['connected', 'ended', 'refused']);
    expect(await endOf(server.load(named('m'), null, PATIENTLY))).toBe('unsent');
    await expect(server.look('full', false)).rejects.toMatchObject({ why: 'unreachable' });
    expect(await server.probe()).toBe(false);

    await stage.start();
    await until(() => facts.length > 3);
    expect(facts.slice(3)).toEqual(['connected']);
    expect(await server.probe()).toBe(true);
    for (const { name } of models) expect((await see(server, name)).rows).toEqual([['', '', '']]);
  });
}

/** The real server dies of such an unload now and then (docs/triton-notes.md): then it is started again, and told again. */
const TRIES = 4;

function unloadDuringLoad(open: MakeStage): void {
  it('that is told to unload a model during its load does so, although the deadline has passed, or dies', async () => {
    const stage = await open({ models: [{ name: 'interrupted', loadMs: 2_000 }] });
    for (let tries = 1; await diesOf(stage, () => interrupt(stage)); tries += 1) {
      expect(tries).toBeLessThan(TRIES);
      await stage.start();
    }
  });
}

async function diesOf(stage: Stage, work: () => Promise<void>): Promise<boolean> {
  return Promise.race([work().then(() => false), stage.ended().then(() => true)]);
}

async function interrupt(stage: Stage): Promise<void> {
  const { server } = await visit(stage);
  const { server: hasty } = await visit(stage, { callTimeoutMs: 300 });
  const load = endOf(server.load(named('interrupted'), null, PATIENTLY));
  await untilSeen(server, 'interrupted', 'coming');
  expect(await endOf(hasty.unload(named('interrupted')))).toBe('unknown');
  expect(['done', 'unknown']).toContain(await load);
  await untilSeen(server, 'interrupted', 'absent');
}

function leaving(open: MakeStage): void {
  it('that leaves says so, lets inferences end, and ends', async () => {
    const stage = await open({ models: [{ name: 'busy', inferMs: 2_000 }] });
    const { server, facts } = await visit(stage);
    await server.load(named('busy'), null, PATIENTLY);
    const answer = infer(stage, 'busy');
    await untilExecuting(stage, 'busy');
    const gone = stage.terminate();
    await until(async () => {
      await server.look('full', false).catch(() => {});
      return facts.includes('leaving');
    });
    await expect(server.look('full', true)).rejects.toMatchObject({ why: 'unreachable' });
    expect(await endOf(server.load(named('busy'), null, PATIENTLY))).toBe('transient');
    expect(await endOf(server.unload(named('busy')))).toBe('transient');
    expect(await server.probe()).toBe(true);
    await expect(fetch(stage.http)).rejects.toThrow();
    await answer;
    await gone;
    await until(() => facts.includes('ended'));
  });
}

function modes(open: MakeStage): void {
  it('in explicit mode is found so by the probe, which leaves nothing behind', async () => {
    const { server } = await visit(await open({ models: [{ name: 'm' }] }));
    const look = await server.look('full', true);
    expect(look).toMatchObject({ mode: 'explicit', serverVersion: '2.51.0', serving: [] });
    expect(look.index).toEqual([{ model: 'm', version: '', state: '', reason: '' }]);
  });

  it('in another mode takes no orders, and is looked at all the same', async () => {
    const { server } = await visit(await open({ models: [{ name: 'm' }], controlMode: 'none' }));
    const look = await server.look('full', true);
    expect(look.mode).toBe('wrong_mode');
    expect(look.index).toMatchObject([{ model: 'm', state: 'READY' }]);
    expect(await endOf(server.load(named('m'), null, PATIENTLY))).toBe('wrong_mode');
    expect(await endOf(server.unload(named('m')))).toBe('wrong_mode');
  });

  it('with a restricted protocol wants its header', async () => {
    const restriction = { key: 'admin-key', value: 'sesame' };
    const stage = await open({ models: [{ name: 'm' }], restriction });
    const { server: stranger } = await visit(stage, {
      headers: { 'triton-grpc-protocol-admin-key': 'wrong' },
    });
    await expect(stranger.look('full', true)).rejects.toMatchObject({ why: { mode: 'restricted' } });
    expect(await endOf(stranger.load(named('m'), null, PATIENTLY))).toBe('restricted');
    expect((await stranger.look('statistics', false)).serving).toEqual([]);

    const { server } = await visit(stage, { headers: { 'triton-grpc-protocol-admin-key': 'sesame' } });
    expect((await server.look('full', true)).mode).toBe('explicit');
    await server.load(named('m'), null, PATIENTLY);
  });
}
