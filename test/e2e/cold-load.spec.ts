import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RouteMessage } from '#contracts';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { until } from '../support/until.js';
import { readRefusal, resolveByGrpc } from './rpc.js';
import { infer, inferByHttp, rowOf } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

const UNAVAILABLE = 14;

describeReal('a cold model', (kit) => {
  let a: RealTriton;
  let b: RealTriton;
  let stage: Stage;
  /** As long as it is there, the loads of `held` do not end. */
  let gate: string;

  beforeAll(async () => {
    gate = await mkdtemp(join(tmpdir(), 'berth-gate-'));
    const both = [aQuickModel('plain'), aQuickModel('by-rpc'), aQuickModel('held', { heldBy: gate })];
    [a, b] = await Promise.all([
      startTriton(kit, { id: 'a', models: [...both, aQuickModel('crowd', { loadSeconds: 1 })] }),
      startTriton(kit, { id: 'b', models: [...both, aQuickModel('only-b')] }),
    ]);
    stage = await Stage.open([aServer(a), aServer(b)]);
  });

  afterAll(async () => {
    await stage.close();
    await rm(gate, { recursive: true, force: true });
  });

  it('is loaded for the first request, which is told where it lives', async () => {
    const { result, body } = await stage.resolve('plain', { leaseMs: 4_000 });
    expect(result).toBe('routed');
    const home = body.server.id === 'a' ? a : b;
    expect(body).toMatchObject({
      model: 'plain',
      version: '1',
      server: { id: home.id, grpc: home.grpc, http: home.http },
      devices: [0],
      leaseMs: 4_000,
      cold: true,
      stale: false,
    });
    expect(await inferByHttp(body.server.http!, 'plain', 21)).toBe(42);
    expect(await infer(body.server, 'plain', 4)).toBe(8);
    expect((await stage.resolve('plain')).body).toMatchObject({ cold: false, waitedMs: 0 });
    expect(a.initialisations('plain') + b.initialisations('plain')).toBe(1);
    expect(await stage.heldMb(home.id)).toBe(COPY_MB);
  });

  it('is placed where its files are', async () => {
    expect(await stage.route('only-b')).toBe('b');
    expect(await rowOf(b, 'only-b')).toBe('READY');
  });

  it('is loaded once for fifty requests at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => stage.resolve('crowd')));
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set(['routed']));
    expect(new Set(answers.map(({ body }) => body.server.id))).toEqual(new Set(['a']));
    expect(a.initialisations('crowd')).toBe(1);
  });

  it('is loaded for a gateway that asks by gRPC', async () => {
    const route = await resolveByGrpc<RouteMessage>(stage.berth.grpc, { model: 'by-rpc' });
    expect(route).toMatchObject({ model: 'by-rpc', version: '1', cold: true });
    expect(await infer(route.server, 'by-rpc', 1.5)).toBe(3);
  });

  it('is refused before the deadline of a gRPC call, with the reason, and loads on', async () => {
    // A Berth that has seen no load foresees none: it refuses at the deadline, and not at once, however slow the machine is.
    await stage.close();
    stage = await Stage.open([aServer(a), aServer(b)]);
    // Its first call takes longest: it is about a warm model. The next is tried again with a later deadline, before which there is
    // more time, for a busy machine may deliver an answer later than it was given.
    await resolveByGrpc(stage.berth.grpc, { model: 'by-rpc' });
    const deadlines = [3_000, 6_000, 12_000];
    const refusal = await until(async () => {
      const withinMs = deadlines.shift() ?? 24_000;
      const late = resolveByGrpc(stage.berth.grpc, { model: 'held' }, { withinMs });
      return readRefusal(await late.catch((error: unknown) => error));
    });
    expect(refusal).toMatchObject({ code: UNAVAILABLE, reason: 'LOADING', domain: 'berth' });
    expect(refusal.pushbackMs).toBeGreaterThan(0);
    await rm(gate, { recursive: true });
    await until(async () => (await stage.model('held')).state === 'ready');
    expect((await stage.resolve('held')).body.cold).toBe(false);
    expect(a.initialisations('held') + b.initialisations('held')).toBe(1);
  });
});
