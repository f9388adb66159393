import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeReal, type RealTriton } from '../support/real-triton.js';
import { PATIENCE_MS, until } from '../support/until.js';
import { infer, rowOf } from './someone.js';
import { aQuickModel, aServer, COPY_MB, type Resolved, Stage, startTriton } from './stage.js';

/** Triton never answers the load of a model without its model.py, and never gives its load thread back. */
describeReal('a load that never ends', (kit) => {
  let tritons: RealTriton[];
  let stage: Stage;
  let first: Promise<Resolved>;

  beforeAll(async () => {
    const models = [
      aQuickModel('hollow', { missingModelFile: true }),
      ...['one', 'two', 'three'].map((name) => aQuickModel(name)),
    ];
    tritons = await Promise.all(['a', 'b', 'c'].map((id) => startTriton(kit, { id, models })));
    stage = await Stage.open(
      tritons.map((triton) => aServer(triton)),
      {
        models: { hollow: { loadTimeoutSeconds: 5 } },
        limits: { stuckAfterSeconds: 3 },
      },
    );
    first = stage.resolve('hollow', { waitMs: 1_500 });
  });

  afterAll(() => stage.close());

  const loading = async (): Promise<string[]> => {
    const rows = await Promise.all(tritons.map((triton) => rowOf(triton, 'hollow')));
    return rows.filter((row) => row === 'LOADING');
  };

  it('is told as loading to a request whose time is up', async () => {
    const { status, result, body } = await first;
    expect([status, result, body.phase]).toEqual([503, 'loading', 'loading']);
    expect(body.etaMs).toBeGreaterThanOrEqual(0);
  });

  it('is tried on one other server and no more; then it has failed', async () => {
    const { status, result, body } = await stage.resolve('hollow', { waitMs: PATIENCE_MS });
    expect([status, result, body.cause]).toEqual([502, 'load_failed', 'transient']);
    expect(await loading()).toHaveLength(2);
    expect(await stage.resolve('hollow')).toMatchObject({ result: 'load_failed' });
  });

  it('does not hold up the others on its server', async () => {
    const stuckOn = (await stage.copies('hollow')).map((copy) => copy.split(':')[0]);
    expect(stuckOn).toHaveLength(2);
    for (const model of ['one', 'two', 'three']) {
      const id = await stage.route(model);
      expect(
        await infer(
          tritons.find((triton) => triton.id === id)!,
          model,
          1,
        ),
      ).toBe(2);
      expect(stuckOn).toContain(id);
    }
  });

  it('is flagged once its bound has passed, its memory booked all the while', async () => {
    const flagged = (await stage.copies('hollow')).map((copy) => copy.split(':')[0]!);
    for (const id of flagged) {
      await until(async () => (await stage.server(id)).flags.includes('stuck_load'));
      expect((await stage.server(id)).state).toBe('ready');
    }
    for (const copy of await stage.copies('hollow')) expect(copy).toMatch(/^[abc]:(loading|unknown)!stuck$/);
    const held = await Promise.all(tritons.map(({ id }) => stage.heldMb(id)));
    expect(held.reduce((sum, mb) => sum + mb)).toBe(5 * COPY_MB);
    expect(await loading()).toHaveLength(2);
  });

  it('ends with its server, and is tried anew when an admin says so', async () => {
    const [copy] = await stage.copies('hollow');
    const triton = tritons.find(({ id }) => copy!.startsWith(id))!;
    await triton.addModel(aQuickModel('hollow'));
    await triton.kill();
    await triton.restart();
    const restarted = Date.now();
    await until(async () => (await stage.copies('hollow')).length === 1);
    // Before its first look it takes no loads, and another server would get this one.
    await until(async () => Date.parse((await stage.server(triton.id)).observedAt ?? '') > restarted);
    expect((await stage.server(triton.id)).flags).toEqual(['old_version']);
    expect(await stage.route('hollow')).toBe(triton.id);
  });
});
