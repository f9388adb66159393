import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';

const A = 'a' as ModelId;
const CONFIG = { json: '{}', kind: 'model', gpus: [], count: 1 } as const;

describe('a reload', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 6 }));
    driver.serve(aServer('s', [10]), ['a', 'b']);
  });

  const reload = (model = A) => driver.tell({ kind: 'ReloadOrdered', model, until: driver.now + 120_000 });

  it('lets the copy go once its leases have ended, and loads it again on the same server', () => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a', 'b']);
    reload();
    expect(driver.phase('a', 's')).toBe('draining');
    driver.pass(9_000);
    expect(driver.orders()).toEqual(['load a@s']);
    driver.pass(2_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
    driver.loadEnds('a', 's');
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['ready', undefined]);
    expect(driver.fleet.reloads.size).toBe(0);
    driver.pass(60_000);
    expect(driver.orders()).toHaveLength(3);
  });

  it('keeps the memory for what comes back', () => {
    driver.warm('a', 's');
    reload();
    const other = driver.resolve('b', { wait: 15_000 });
    driver.pass(12_000);
    expect([driver.phase('a', 's'), driver.phase('b', 's')]).toEqual(['loading', undefined]);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(other)).toBe('no_capacity');
  });

  it('is waited for by requests that come meanwhile, without another load elsewhere', () => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a', 'b']);
    reload();
    const asked = driver.resolve('a');
    driver.pass(12_000);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(asked)).toBe('s');
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
  });

  it('takes a pinned model along, one copy after the other', () => {
    driver.serve(aServer('t', [10]), ['a', 'b']);
    driver.declare(aModel('a', { gpuBytes: 6, pinnedCopies: 2 }));
    driver.loadEnds('a', 's');
    driver.loadEnds('a', 't');
    reload();
    expect(new Set([driver.phase('a', 's'), driver.phase('a', 't')])).toEqual(
      new Set(['ready', 'unloading']),
    );
    driver.pass(1_000);
    const first = driver.isLoading('a', 's') ? 's' : 't';
    const second = first === 's' ? 't' : 's';
    expect(driver.phase('a', second)).toBe('ready');
    driver.loadEnds('a', first);
    driver.pass(1_000);
    expect([driver.phase('a', first), driver.isLoading('a', second)]).toEqual(['ready', true]);
    driver.loadEnds('a', second);
    expect(driver.fleet.reloads.size).toBe(0);
  });

  it.each([1, 0])('keeps the copy on a draining server until another is back: %i pinned', (pinnedCopies) => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a']);
    driver.declare(aModel('a', { gpuBytes: 6, pinnedCopies }));
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    driver.resolve('a', { lease: 600_000 });
    driver.pass(1_000);
    reload();
    driver.loadEnds('a', 't');
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['ready', 'unloading']);
    driver.pass(1_000);
    driver.loadEnds('a', 't');
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['draining', 'ready']);
  });

  it('leaves the other copies as they are when one does not come up again', () => {
    driver.serve(aServer('t', [10]), ['a', 'b']);
    driver.declare(aModel('a', { gpuBytes: 6, pinnedCopies: 2 }));
    driver.loadEnds('a', 's');
    driver.loadEnds('a', 't');
    reload();
    driver.pass(1_000);
    const [first, second] = driver.isLoading('a', 's') ? ['s', 't'] : ['t', 's'];
    driver.loadEnds('a', first, 'configuration');
    driver.pass(1_000);
    expect(driver.phase('a', second)).toBe('ready');
    expect(driver.fleet.reloads.size).toBe(0);
  });

  it('forgets what was learned of the config, which may be another one now', () => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 4 }));
    driver.serve(aServer('s', [10, 10]), ['a']);
    driver.warm('a', 's');
    const config = { json: '{"k":1}', kind: 'gpu', gpus: [1], count: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: 's' as ServerId, model: A, config, steps: [] });
    expect(driver.fleet.servers.get('s' as ServerId)!.configs.has(A)).toBe(true);
    reload();
    driver.pass(12_000);
    const load = driver.log.findLast((action) => action.kind === 'load');
    expect(load).toMatchObject({ model: 'a', config: null });
    expect([...driver.fleet.replicas.values()][0]!.devices).toEqual([0, 1]);
  });

  it('takes the config of before where the model would find no room without', () => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 6 }));
    driver.serve(aServer('s', [20, 20]), ['a', 'b']);
    driver.warm('a', 's').warm('b', 's');
    const config = (gpu: number) => ({ json: '{}', kind: 'gpu', gpus: [gpu], count: 1 }) as const;
    const learn = (model: string, gpu: number) =>
      driver.tell({
        kind: 'ConfigLearned',
        server: 's' as ServerId,
        model: model as ModelId,
        config: config(gpu),
        steps: [],
      });
    learn('a', 0);
    learn('b', 1);
    driver.tell({ kind: 'ServerDeclared', server: aServer('s', [7, 7]) });
    reload();
    driver.pass(12_000);
    const load = driver.log.findLast((action) => action.kind === 'load');
    expect(load).toMatchObject({ model: 'a', config: { gpus: [0] } });
  });

  it('loads anew what was on its way, for that may have read the old files', () => {
    driver.resolve('a', { lease: 100 });
    reload();
    driver.loadEnds('a', 's');
    driver.pass(1_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load a@s']);
    driver.loadEnds('a', 's');
    driver.pass(1_000);
    expect(driver.orders()).toHaveLength(3);
  });

  it('is an order to load where there is no copy', () => {
    reload();
    expect(driver.orders()).toEqual(['load a@s']);
    reload('nobody' as ModelId);
    expect(driver.orders()).toHaveLength(1);
  });

  it('waits for the end of a freeze', () => {
    driver.warm('a', 's');
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    reload();
    driver.pass(20_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.tell({ kind: 'FreezeEnded' });
    driver.pass(1_000);
    expect(driver.isLoading('a', 's')).toBe(true);
  });

  it('is over when the model is to be unloaded, and goes no further when it is switched off', () => {
    driver.warm('a', 's');
    reload();
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(20_000);
    expect(driver.phase('a', 's')).toBeUndefined();
    expect(driver.fleet.reloads.size).toBe(0);
    driver.warm('b', 's');
    reload('b' as ModelId);
    driver.declare(aModel('b', { gpuBytes: 6, enabled: false }));
    driver.pass(20_000);
    expect([driver.phase('b', 's'), driver.fleet.reloads.size]).toEqual([undefined, 0]);
  });

  it('brings no second copy where its server was lost and another one has come up in its place', () => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a']);
    reload();
    driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: 'ended' });
    driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: 'refused' });
    driver.pass(60_000);
    driver.resolve('a');
    driver.loadEnds('a', 't');
    driver.shelf('s').set('a', '');
    driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: 'connected' });
    driver.pass(10_000);
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual([undefined, 'ready']);
    expect(driver.fleet.reloads.size).toBe(0);
  });

  describe('of what may be a step of a load under way', () => {
    beforeEach(() => {
      driver = new CoreDriver();
      driver.declare(aModel('a', { gpuBytes: 4 }), aModel('b', { gpuBytes: 4, needsDeclared: false }));
      driver.serve(aServer('s', [10]), ['a', 'b']);
      driver.resolve('b', { wait: 20_000 });
      driver.shelf('s').set('a', 'READY');
      driver.pass(2_000);
      expect([driver.phase('a', 's'), driver.isLoading('b', 's')]).toEqual(['ready', true]);
      reload();
    });

    const tellConfig = (steps: readonly ModelId[]) =>
      driver.tell({
        kind: 'ConfigLearned',
        server: 's' as ServerId,
        model: 'b' as ModelId,
        config: CONFIG,
        steps,
      });

    it('waits until a config tells that it is none', () => {
      driver.pass(15_000);
      driver.loadEnds('b', 's');
      expect([driver.phase('a', 's'), driver.fleet.reloads.size]).toEqual(['ready', 1]);
      tellConfig([]);
      driver.pass(1_000);
      expect(driver.orders()).toEqual(['load b@s', 'unload a@s', 'load a@s']);
    });

    it('is over once a config tells that it is one', () => {
      driver.loadEnds('b', 's');
      tellConfig([A]);
      expect([driver.phase('a', 's'), driver.fleet.reloads.size]).toEqual(['ready', 0]);
    });

    it('goes on once that load is overdue', () => {
      driver.loadEnds('b', 's', 'unknown');
      driver.pass(1_000);
      expect(driver.fleet.reloads.size).toBe(1);
      driver.pass(driver.fleet.models.get(A)!.loadTimeout);
      expect([driver.phase('a', 's'), driver.fleet.reloads.size]).toEqual(['loading', 1]);
    });
  });

  it('comes up elsewhere where its server takes nothing any more', () => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a']);
    reload();
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    driver.pass(12_000);
    expect(driver.isLoading('a', 't')).toBe(true);
  });
});
