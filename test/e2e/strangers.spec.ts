import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { infer, load, rowOf, unload, UNLOADED } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

describeReal('what another client does on the same Triton', (kit) => {
  let a: RealTriton;
  let b: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    const models = ['guest', 'mine', 'other', 'third'].map((name) => aQuickModel(name));
    [a, b] = await Promise.all([
      startTriton(kit, { id: 'a', models }),
      startTriton(kit, { id: 'b', models: [aQuickModel('adopted')] }),
    ]);
    await Promise.all([load(a, 'guest'), load(b, 'adopted')]);
    stage = await Stage.open(
      [aServer(a, { hostMemoryMb: 2.5 * COPY_MB }), aServer(b, { strangers: 'adopt' })],
      { models: { guest: { idleUnloadSeconds: 1 }, adopted: { idleUnloadSeconds: 1 } } },
    );
  });

  afterAll(() => stage.close());

  it('is booked and routed to where it was found loaded', async () => {
    expect(await stage.copies('guest')).toEqual(['a:ready']);
    expect(await stage.copies('adopted')).toEqual(['b:ready']);
    for (const server of ['a', 'b']) expect(await stage.heldMb(server)).toBe(COPY_MB);
    expect((await stage.resolve('guest')).body).toMatchObject({ server: { id: 'a' }, cold: false });
    expect(a.initialisations('guest')).toBe(1);
  });

  it('is never unloaded nor evicted where the operator says `keep`', async () => {
    for (const model of ['mine', 'other']) await stage.route(model);
    expect((await stage.model('mine')).lastUnload).toMatchObject({ reason: 'evicted', for: 'other' });
    const guest = await stage.model('guest');
    expect(guest).toMatchObject({ state: 'ready', lastUnload: null, copies: [{ idleUnloadAt: null }] });
    expect(a.initialisations('guest')).toBe(1);
    expect(await infer(a, 'guest', 1)).toBe(2);
  });

  it('withdraws the routes to what Berth had loaded; the next request loads it again', async () => {
    await unload(a, 'other');
    await until(async () => (await stage.model('other')).state !== 'ready');
    expect((await stage.resolve('other')).body).toMatchObject({ server: { id: 'a' }, cold: true });
    expect(a.initialisations('other')).toBe(2);
    expect((await stage.model('other')).lastUnload).toMatchObject({ reason: 'lost' });
    expect(await infer(a, 'other', 1)).toBe(2);
  });

  it('is noticed when it happens', async () => {
    await load(a, 'third');
    await until(async () => (await stage.copies('third')).join() === 'a:ready');
    expect((await stage.server('a')).devices[0]).toMatchObject({
      heldMb: 3 * COPY_MB,
      freeMb: 0,
      flags: ['overcommitted'],
    });
  });

  it('is unloaded when idle where the operator says `adopt`', async () => {
    await until(async () => (await stage.model('adopted')).lastUnload?.reason === 'idle');
    expect(await rowOf(b, 'adopted')).toBe(UNLOADED);
    expect(await rowOf(a, 'guest')).toBe('READY');
  });
});
