import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { PATIENCE_MS, until } from '../support/until.js';
import { infer } from './someone.js';
import { aQuickModel, aServer, COPY_MB, type Resolved, Stage, startTriton } from './stage.js';

describeReal('a Triton that is killed', (kit) => {
  let a: RealTriton;
  let b: RealTriton;
  let stage: Stage;
  const meanwhile: Resolved[] = [];

  beforeAll(async () => {
    const both = aQuickModel('both');
    [a, b] = await Promise.all([
      startTriton(kit, { id: 'a', models: [both, aQuickModel('only-a')] }),
      startTriton(kit, { id: 'b', models: [both] }),
    ]);
    // The smaller gap is filled first: what both could take goes to `a`.
    stage = await Stage.open([aServer(a, { hostMemoryMb: 3 * COPY_MB }), aServer(b)]);
    for (const model of ['both', 'only-a']) expect(await stage.route(model)).toBe('a');
    await a.kill();
  });

  afterAll(() => stage.close());

  it('is replaced by the other one where that has the model', async () => {
    expect(await stage.route('both', { waitMs: PATIENCE_MS })).toBe('b');
    expect(await infer(b, 'both', 2)).toBe(4);
    expect(b.initialisations('both')).toBe(1);
  });

  it('is waited for, or said to be out of reach; nothing permanent is said of its models', async () => {
    while ((await stage.server('a')).state !== 'lost')
      meanwhile.push(await stage.resolve('only-a', { waitMs: 200 }));
    for (let times = 0; times < 3; times += 1) meanwhile.push(await stage.resolve('only-a', { waitMs: 200 }));
    const answers = new Set(meanwhile.map(({ status, result }) => `${status} ${result}`));
    answers.delete('503 loading');
    expect(answers).toEqual(new Set(['503 no_server']));
    expect(Number(meanwhile.at(-1)!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await stage.model('only-a')).toMatchObject({ source: 'discovered' });
  });

  it('is a new incarnation once it is back: its models are loaded again for new requests', async () => {
    expect((await stage.server('a')).incarnation).toBe(1);
    await a.restart();
    await until(async () => (await stage.server('a')).state === 'ready');
    expect(await stage.server('a')).toMatchObject({ incarnation: 2, devices: [{ heldMb: 0 }] });
    expect((await stage.resolve('only-a')).body).toMatchObject({ server: { id: 'a' }, cold: true });
    expect(await infer(a, 'only-a', 2)).toBe(4);
    expect(a.initialisations('only-a')).toBe(2);
    expect((await stage.model('only-a')).lastUnload).toMatchObject({ reason: 'lost' });
  });

  it('is found out in the middle of a load, which is ordered anew', async () => {
    await b.addModel(aQuickModel('interrupted', { loadSeconds: 3 }));
    const first = stage.resolve('interrupted', { waitMs: PATIENCE_MS });
    await until(() => b.initialisations('interrupted') === 1);
    await b.kill();
    await b.restart();
    const { result } = await first;
    expect(['routed', 'no_server']).toContain(result);
    await until(async () => (await stage.resolve('interrupted')).result === 'routed');
    expect(b.initialisations('interrupted')).toBe(2);
    expect((await stage.server('b')).incarnation).toBe(2);
  });

  it('that says goodbye gives up its routes at once', async () => {
    const [home, other] = (await stage.route('both')) === 'a' ? [a, b] : [b, a];
    expect((await home.stop()).code).toBe(0);
    expect(await stage.route('both', { waitMs: PATIENCE_MS })).toBe(other.id);
  });
});
