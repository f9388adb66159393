import { describe, expect, it } from '@jest/globals';
import { A, aRunningEngine, query, settle } from '../../../test/support/running-engine.js';

describe('an engine whose leadership is held', () => {
  it('sends nothing, tells its turns so, and goes on as soon as that is over', async () => {
    const { engine, leadership, server, turns } = await aRunningEngine();
    leadership.hold(true);
    await settle();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    expect([server.calls, engine.fleet.held]).toEqual([[], true]);
    leadership.hold(false);
    await settle();
    expect(server.calls).toEqual(['load a']);
    expect(turns.flatMap(({ events }) => events.filter(({ kind }) => kind === 'OrdersHeld'))).toEqual([
      { kind: 'OrdersHeld', isHeld: true },
      { kind: 'OrdersHeld', isHeld: false },
    ]);
    server.loadEnds(A.id);
    expect(await answer).toMatchObject({ kind: 'route' });
  });

  it('keeps orders back where some are wanted, until it has sent one', async () => {
    const { engine, leadership, server, sent } = await aRunningEngine();
    leadership.hold(true);
    await settle();
    expect(engine.takeKeptBack()).toBe(false);
    void engine.admit(query(), 60_000);
    await settle();
    expect([engine.takeKeptBack(), engine.takeKeptBack(), sent]).toEqual([true, true, []]);
    leadership.hold(false);
    await settle();
    expect([engine.takeKeptBack(), server.calls, sent]).toEqual([false, ['load a'], ['load']]);
  });

  it('gives leases of 10 s at most', async () => {
    const { engine, leadership, server } = await aRunningEngine();
    const first = engine.admit(query({ lease: 600_000 }), 60_000).answer;
    await settle();
    leadership.hold(true);
    await settle();
    server.loadEnds(A.id);
    expect(await first).toMatchObject({ kind: 'route', lease: 10_000 });
    expect(engine.route(query({ lease: 600_000 }))).toMatchObject({ lease: 10_000 });
    await settle();
    const inUse = [...engine.fleet.replicas.values()].map((one) => one.phase === 'ready' && one.inUseUntil);
    expect(inUse).toEqual([engine.now() + 10_000]);
    leadership.hold(false);
    await settle();
    expect(engine.route(query({ lease: 600_000 }))).toMatchObject({ lease: 600_000 });
  });

  it('counts an order that could not be sent any more for no failure', async () => {
    const { engine, leadership, server, store, sent } = await aRunningEngine();
    let written: () => void = () => undefined;
    store.write = () => new Promise((done) => (written = done));
    void engine.admit(query(), 60_000);
    await settle();
    leadership.hold(true);
    written();
    await settle();
    expect([server.calls, engine.fleet.cooldowns.size, engine.fleet.held]).toEqual([[], 0, true]);
    expect([engine.takeKeptBack(), sent]).toEqual([true, []]);
    store.write = () => Promise.resolve();
    leadership.hold(false);
    await settle();
    expect(server.calls).toEqual(['load a']);
  });

  it.each(['no_leader', 'shutting_down'] as const)(
    'refuses all that waits as it stops: %s',
    async (reason) => {
      const { engine } = await aRunningEngine();
      const waiting = engine.admit(query(), 60_000).answer;
      engine.stop(reason);
      for (const answer of [waiting, engine.admit(query(), 60_000).answer])
        expect(await answer).toMatchObject({ kind: 'refusal', refusal: { reason } });
      expect(engine.route(query())).toBeUndefined();
    },
  );
});
