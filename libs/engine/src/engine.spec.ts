import { describe, expect, it } from '@jest/globals';
import { replicaId, type ServerId } from '#core';
import { aModel, aServer } from '../../../test/support/builders.js';
import { A, aRunningEngine, query, settle } from '../../../test/support/running-engine.js';
import { OrderRefused } from './ports/model-server.js';
import type { Answer } from './answer.js';

describe('an engine', () => {
  it('loads a cold model once for all waiting requests, and routes them when it is ready', async () => {
    const { engine, server } = await aRunningEngine();
    expect(engine.route(query())).toBeUndefined();
    const waiting = [1, 2, 3].map(() => engine.admit(query(), 60_000).answer);
    await settle();
    server.loadEnds(A.id);
    const answers = await Promise.all(waiting);
    expect(server.calls).toEqual(['load a']);
    expect(answers).toMatchObject(
      Array(3).fill({ kind: 'route', server: 't', version: '1', cold: true, term: 7 }),
    );
  });

  it('gives the route to a warm model without a turn, and tells of its use in the next one', async () => {
    const { engine, server, turns, clock } = await aRunningEngine();
    void engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id);
    await settle();
    const before = turns.length;
    clock.time += 100;
    expect(engine.route(query())).toMatchObject({ kind: 'route', cold: false, waited: 0 });
    expect(turns.length).toBe(before);
    engine.tell();
    await settle();
    expect(turns[before]?.events).toEqual([
      {
        kind: 'RoutesUsed',
        uses: [{ replica: 'a@t', at: clock.time, inUseUntil: clock.time + 10_000, routes: 1 }],
      },
    ]);
  });

  it('notes an order before it sends it, and sends none where that fails', async () => {
    const { engine, server, store, turns } = await aRunningEngine();
    store.breaks(new Error('disk full'));
    const { answer } = engine.admit(query({ wait: 0 }), 60_000);
    await settle();
    expect(await answer).toMatchObject({ kind: 'refusal', refusal: { reason: 'loading' } });
    expect([server.calls, engine.fleet.cooldowns.size, engine.fleet.loadsHeld]).toEqual([[], 0, true]);
    const before = turns.length;
    void engine.admit(query(), 60_000);
    await settle();
    expect([turns.length - before, engine.takeKeptBack(), engine.takeKeptBack()]).toEqual([1, true, true]);
    store.mends();
    await settle();
    expect(server.calls).toEqual(['load a']);
    expect(store.written).toContainEqual({ kind: 'ordered', server: 't', value: ['a'] });
  });

  it('takes few turns, and asks for few writes, while the store takes no order for a minute', async () => {
    const { engine, store, clock, turns, server } = await aRunningEngine();
    const full = new Error('disk full');
    store.breaks(full);
    void engine.admit(query({ wait: 600_000 }), 600_000);
    await settle();
    const [before, written] = [turns.length, store.tries];
    for (let triedAt = clock.time; triedAt < 61_000;) {
      if (clock.due < triedAt + 5_000) clock.ring();
      else {
        clock.time = triedAt += 5_000;
        // There is room for a small write, and none for the order.
        store.mends();
        store.breaks(full);
      }
      await settle();
    }
    expect(server.calls).toEqual([]);
    expect(turns.length - before).toBeLessThanOrEqual(30);
    expect(store.tries - written).toBeLessThanOrEqual(30);
  });

  it('makes of an error whose meaning is unclear an unknown outcome, which only a look ends', async () => {
    const { engine, server, clock } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    server.loaded.add(A.id);
    clock.time += 1;
    server.loadEnds(A.id, new Error('deadline exceeded'));
    server.loaded.add(A.id);
    await settle();
    expect(await Promise.race([answer, settle().then(() => 'waiting')])).toMatchObject({ kind: 'route' });
    expect(server.calls).toEqual(['load a']);
  });

  it('tells the cause of a load that was refused', async () => {
    const { engine, server } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id, new OrderRefused('configuration', 'bad'));
    expect(await answer).toMatchObject({ refusal: { reason: 'load_failed', cause: 'configuration' } });
  });

  it('rings at the deadline of a waiting request', async () => {
    const { engine, clock } = await aRunningEngine();
    const { answer } = engine.admit(query({ wait: 30 }), 60_000);
    await settle();
    clock.ring();
    await settle();
    expect(await answer).toMatchObject({ refusal: { reason: 'loading' } });
    expect(clock.time).toBe(1_030);
  });

  it('gives the route it has granted also where the same turn drains the replica for a starving request', async () => {
    const large = aModel('b', { gpuBytes: 8 });
    const { engine, server, clock } = await aRunningEngine([A, large]);
    const first = engine.admit(query(), 120_000).answer;
    await settle();
    void engine.admit(query({ model: large.id }), 120_000);
    await settle();
    clock.time += 31_000;
    engine.tell();
    await settle();
    server.loadEnds(A.id);
    await settle();
    expect(engine.fleet.replicas.get(replicaId(A.id, 't' as ServerId))?.phase).toBe('draining');
    const waited = settle().then(() => 'still waits');
    expect(await Promise.race([first, waited])).toMatchObject({ kind: 'route', server: 't', version: '1' });
  });

  it('forgets a cancelled request', async () => {
    const { engine } = await aRunningEngine();
    const pending = engine.admit(query(), 60_000);
    await settle();
    pending.cancel();
    await settle();
    expect(engine.fleet.waiting.size).toBe(0);
  });

  it('answers all waiting requests when it stops, orders nothing more, and closes its connections', async () => {
    const { engine, server } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    engine.stop();
    expect(await answer).toMatchObject({ refusal: { reason: 'shutting_down' } });
    server.loadEnds(A.id);
    await settle();
    expect(server.calls).toEqual(['load a']);
    expect(server.isClosed).toBe(true);
    const late: Answer = await engine.admit(query(), 60_000).answer;
    expect(late).toMatchObject({ refusal: { reason: 'shutting_down' } });
  });

  it('knows a server still that is reached otherwise now, and lets what it loaded there go by the idle rule', async () => {
    const { engine, server, clock } = await aRunningEngine();
    void engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id);
    await settle();
    engine.addServer(aServer('t', [10]), () => server, 'closed');
    expect(server.isClosed).toBe(true);
    await settle();
    expect(engine.route(query())).toMatchObject({ server: 't' });
    for (let rings = 0; rings < 1_000 && server.calls.length < 2; rings += 1) {
      clock.ring();
      await settle();
    }
    expect(server.calls).toEqual(['load a', 'unload a']);
  });

  it('refuses waiting requests when a turn throws, tells what that was given, and decides nothing more', async () => {
    const { engine, failed, server } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    const poison = {
      kind: 'ModelDeclared',
      get model(): never {
        throw new Error('no such model');
      },
    } as const;
    expect(() => {
      engine.report(poison);
      engine.stop();
    }).toThrow('no such model');
    expect(await answer).toMatchObject({ refusal: { reason: 'shutting_down' } });
    expect(failed).toMatchObject([{ events: [{ kind: 'ModelDeclared' }, { kind: 'ShutdownBegun' }] }]);
    expect(server.isClosed).toBe(true);
    expect(await engine.admit(query(), 60_000).answer).toMatchObject({
      refusal: { reason: 'shutting_down' },
    });
    expect(engine.route(query())).toBeUndefined();
  });

  it('forgets a server with all it holds when it is removed, and leaves the models loaded', async () => {
    const { engine, server } = await aRunningEngine();
    void engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id);
    await settle();
    engine.removeServer('t' as ServerId);
    await settle();
    expect(engine.route(query())).toBeUndefined();
    expect(server.calls).toEqual(['load a']);
    expect(server.isClosed).toBe(true);
  });
});
