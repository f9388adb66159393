import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { serverFlags, serverState } from './view.js';

const S = aServer('s').id;

describe('a server that needs a restart', () => {
  let driver: CoreDriver;

  /** An unload of `stuck` on `s` never ends; `used` is in use there and `pinned` is pinned. */
  beforeEach(() => {
    driver = new CoreDriver()
      .declare(
        aModel('stuck', { gpuBytes: 3 }),
        aModel('used', { gpuBytes: 3, idleUnload: 3_600_000 }),
        aModel('pinned', { gpuBytes: 3, pinnedCopies: 1 }),
      )
      .serve(aServer('s', [9]), ['stuck', 'used', 'pinned']);
    driver.loadEnds('pinned', 's');
    driver.warm('used', 's').warm('stuck', 's').pass(11_000);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('stuck').id, force: true });
    driver.pass(360_000);
    driver.unloadsEnd = true;
    driver.serve(aServer('t', [9]), ['stuck', 'used', 'pinned']);
  });

  const server = (id: ServerId = S) => driver.fleet.servers.get(id)!;
  const flags = (): string[] => serverFlags(driver.fleet, server(), new Now(driver.now));
  const state = (): string => serverState(driver.fleet, server(), new Now(driver.now));
  const heldOn = (id: ServerId): string[] =>
    [...driver.fleet.replicas.values()]
      .filter((one) => one.server === id)
      .map(({ model, phase }) => `${model} ${phase}`);

  it('says so, and goes on with all that is not stuck', () => {
    expect(flags()).toEqual(['stuck_unload', 'needs_restart']);
    expect(driver.answerTo(driver.resolve('used'))).toBe('s');
  });

  it('is drained: its models are loaded elsewhere first, and what is stuck does not hold it up', () => {
    driver.tell({ kind: 'DrainOrdered', server: S, deadline: null });
    expect(heldOn(S)).toEqual(['pinned ready', 'used ready', 'stuck unloading']);
    driver.loadEnds('pinned', 't');
    driver.loadEnds('used', 't');
    expect(state()).toBe('draining');
    driver.pass(30_000);
    expect(heldOn(S)).toEqual(['stuck unloading']);
    expect(state()).toBe('drained');
    expect(driver.answerTo(driver.resolve('used'))).toBe('t');
  });

  it('comes back clean as another process, and takes models again', () => {
    driver.tell({ kind: 'DrainOrdered', server: S, deadline: null });
    driver.loadEnds('pinned', 't');
    driver.loadEnds('used', 't');
    driver.pass(30_000);
    const { incarnation } = server();
    for (const fact of ['ended', 'refused'] as const)
      driver.tell({ kind: 'ContactChanged', server: S, fact });
    for (const model of ['stuck', 'used', 'pinned']) driver.shelf('s').set(model, '');
    driver.tell({ kind: 'ContactChanged', server: S, fact: 'connected' });
    expect([server().incarnation, flags(), heldOn(S)]).toEqual([incarnation + 1, [], []]);
    driver.tell({ kind: 'DrainEnded', server: S });
    driver.tell({ kind: 'DrainOrdered', server: 't' as ServerId, deadline: null });
    for (const model of ['pinned', 'used']) driver.loadEnds(model, 's');
    driver.warm('stuck', 's');
    expect(state()).toBe('ready');
  });
});
