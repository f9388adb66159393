import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { PATIENCE_MS } from '../support/until.js';
import { infer, rowOf, UNLOADED } from './someone.js';
import { aQuickModel, aServer, COPY_MB, Stage, startTriton } from './stage.js';

const NAMES = ['first', 'second', 'third'];

describeReal('eviction', (kit) => {
  let a: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    a = await startTriton(kit, { id: 'a', models: NAMES.map((name) => aQuickModel(name)) });
    stage = await Stage.open([aServer(a, { hostMemoryMb: 2.5 * COPY_MB })]);
  });

  afterAll(() => stage.close());

  it('takes the least recently routed model, and says for which model', async () => {
    for (const model of ['first', 'second', 'first', 'third']) await stage.route(model);
    expect(await stage.copies('first')).toEqual(['a:ready']);
    expect(await stage.copies('third')).toEqual(['a:ready']);
    expect(await stage.model('second')).toMatchObject({
      state: 'absent',
      lastUnload: { reason: 'evicted', for: 'third' },
    });
    expect(stage.berth.log()).toContain('unloading second from a: evicted, to make room for third');
    expect(await rowOf(a, 'second')).toBe(UNLOADED);
    expect(await stage.heldMb('a')).toBe(2 * COPY_MB);
  });

  it('counts what clients do on Triton itself as use', async () => {
    await infer(a, 'first', 1);
    await stage.route('second');
    expect(await stage.copies('first')).toEqual(['a:ready']);
    expect((await stage.model('third')).lastUnload).toMatchObject({ reason: 'evicted', for: 'second' });
  });

  it('leaves alone what is leased: the newcomer waits for the lease, or is told that it cannot', async () => {
    for (const model of ['first', 'second']) await stage.route(model, { leaseMs: 10_000 });
    const impatient = await stage.resolve('third', { waitMs: 500 });
    expect(impatient.status).toBe(503);
    // The second one where a load takes longer than that here, lease or no lease.
    expect(['no_capacity', 'deadline_unreachable']).toContain(impatient.result);
    for (const model of ['first', 'second']) expect(await stage.copies(model)).toEqual(['a:ready']);
    const patient = await stage.resolve('third', { waitMs: PATIENCE_MS });
    expect(patient.result).toBe('routed');
    expect(patient.body.waitedMs).toBeGreaterThan(1_000);
  });
});

describeReal('two servers of one host', (kit) => {
  let a: RealTriton;
  let b: RealTriton;
  let stage: Stage;

  beforeAll(async () => {
    [a, b] = await Promise.all([
      startTriton(kit, { id: 'a', models: [aQuickModel('on-a'), aQuickModel('late')] }),
      startTriton(kit, { id: 'b', models: [aQuickModel('on-b'), aQuickModel('too-large')] }),
    ]);
    const host = { host: 'one', hostMemoryMb: 2.5 * COPY_MB };
    const models = { 'too-large': { cpuMemoryLimitMb: 3 * COPY_MB } };
    stage = await Stage.open([aServer(a, host), aServer(b, host)], { models });
  });

  afterAll(() => stage.close());

  it('share its memory: a newcomer on one evicts from the other', async () => {
    // What is asked for more is worth more.
    for (const model of ['on-b', 'on-a', 'on-a', 'on-a']) await stage.route(model);
    for (const server of ['a', 'b']) expect(await stage.heldMb(server)).toBe(2 * COPY_MB);
    expect(await stage.route('late')).toBe('a');
    expect((await stage.model('on-b')).lastUnload).toMatchObject({ reason: 'evicted', for: 'late' });
    expect(await stage.copies('on-a')).toEqual(['a:ready']);
    expect(b.stubPids('on-b')).toEqual([]);
  });

  it('never take what would not fit even if all had left', async () => {
    expect(await stage.resolve('too-large')).toMatchObject({ status: 422, result: 'infeasible' });
    expect(await stage.copies('late')).toEqual(['a:ready']);
    expect(await rowOf(b, 'too-large')).toBe('untouched');
  });
});
