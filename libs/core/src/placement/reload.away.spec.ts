import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId, ServerId } from '../fleet/ids.js';

const A = 'a' as ModelId;
const CONFIG = { json: '{}', kind: 'model', gpus: [], count: 1 } as const;

describe('a reload of which the copy has left', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver.declare(aModel('a', { gpuBytes: 6 }), aModel('b', { gpuBytes: 6 }));
    driver.serve(aServer('s', [10]), ['a', 'b']);
  });

  /** What is loaded anew has left, and waits for a load slot there. */
  function waitsForItsSlot(): void {
    driver
      .declare(aModel('c', { gpuBytes: 1 }))
      .shelf('s')
      .set('c', '');
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a', 'b']);
    driver.tell({
      kind: 'LimitsSet',
      limits: { ...driver.fleet.limits, loadsPerServer: 1 },
      defaults: driver.fleet.defaults,
    });
    driver.pass(20_000);
    const config = { ...CONFIG, kind: 'gpu', gpus: [0] } as const;
    driver.tell({ kind: 'ConfigLearned', server: 's' as ServerId, model: 'c' as ModelId, config, steps: [] });
    driver.resolve('c');
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 120_000 });
    driver.pass(3_000);
    expect(driver.phase('a', 's')).toBe('placed');
  }

  it.each(['ended', 'moved'] as const)('comes up elsewhere where its server stays away (%s)', (fact) => {
    waitsForItsSlot();
    for (const one of [fact, 'refused'] as const)
      driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact: one });
    driver.pass(3_000);
    expect([driver.isLoading('a', 't'), driver.fleet.reloads.size]).toEqual([true, 0]);
  });

  it('comes up elsewhere where its server is restricted', () => {
    waitsForItsSlot();
    driver.looksEnd = false;
    for (const fact of ['closed', 'connected'] as const)
      driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact });
    driver.tell({ kind: 'LookFailed', server: 's' as ServerId, why: { mode: 'restricted' } });
    driver.pass(3_000);
    expect([driver.isLoading('a', 't'), driver.fleet.reloads.size]).toEqual([true, 0]);
  });

  it('lets a copy alone on a server that takes no orders', () => {
    driver.warm('a', 's');
    driver.serve(aServer('t', [10]), ['a', 'b']);
    driver.fleet.servers.get('s' as ServerId)!.mode = 'wrong_mode';
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 120_000 });
    expect([driver.phase('a', 's'), driver.fleet.reloads.size]).toEqual(['ready', 0]);
  });

  it('is waited for on its server while that is reached anew', () => {
    waitsForItsSlot();
    for (const fact of ['moved', 'connected'] as const)
      driver.tell({ kind: 'ContactChanged', server: 's' as ServerId, fact });
    driver.loadEnds('c', 's');
    driver.pass(1_000);
    expect(driver.orders().filter((order) => order.includes('a@'))).toEqual([
      'load a@s',
      'unload a@s',
      'load a@s',
    ]);
  });
});
