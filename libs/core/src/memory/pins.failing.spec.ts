import { Now } from '#core';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Model, ServerId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { isPinProtected } from './pins.js';
import { replicaFlags, serverFlags, unsatisfiedPins } from '../explain/view.js';

const SERVERS = ['s', 't', 'u'] as const;
type Name = (typeof SERVERS)[number];

const A = aModel('a').id;

/** One model that is to be replaced where it fails, warm on the first of three servers with room for one each. */
const aDriver = (parts: Partial<Model> = {}): CoreDriver => {
  const driver = new CoreDriver().declare(aModel('a', { onFailing: 'replace', ...parts }));
  for (const server of SERVERS) driver.serve(aServer(server, [4]), ['a', 'b']);
  return driver;
};

/** What the statistics of a server say of the model from now on, and the next reading of them. */
function count(driver: CoreDriver, server: Name, succeeded: number, failed: number): void {
  driver.shelf(server).served.set(A, { succeeded, failed, lastInference: succeeded + failed });
  driver.pass(2_000);
}

const fails = (driver: CoreDriver, server: Name): void => {
  count(driver, server, 0, 1);
  count(driver, server, 0, 4);
};

const loads = (driver: CoreDriver): string[] => driver.orders().filter((order) => order.startsWith('load'));

describe('a copy that only fails', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = aDriver().warm('a', 's');
  });

  it('stays the only one where it is only to be flagged', () => {
    driver = aDriver({ onFailing: 'flag' }).warm('a', 's');
    fails(driver, 's');
    expect(loads(driver)).toEqual(['load a@s']);
  });

  it('gets another one beside it, on another server, and is given routes to until that is ready', () => {
    fails(driver, 's');
    expect(loads(driver)).toEqual(['load a@s', 'load a@t']);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    driver.loadEnds('a', 't');
    expect(driver.answerTo(driver.resolve('a'))).toBe('t');
    expect(driver.phase('a', 's')).toBe('ready');
  });

  it('is the last to be replaced where its replacement fails too', () => {
    fails(driver, 's');
    driver.loadEnds('a', 't');
    fails(driver, 't');
    driver.pass(20_000);
    expect(loads(driver)).toEqual(['load a@s', 'load a@t']);
    expect(['s', 't']).toContain(driver.answerTo(driver.resolve('a')));
  });

  it('is the last to be replaced also where the first one has left before the second fails', () => {
    fails(driver, 's');
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    driver.pass(30_000);
    driver.warm('a', 's');
    fails(driver, 's');
    driver.pass(20_000);
    expect(loads(driver)).toEqual(['load a@s', 'load a@t', 'load a@s']);
  });

  it('is replaced by others again once one has succeeded', () => {
    driver = aDriver({ pinnedCopies: 2 });
    for (const server of ['s', 't'] as const) driver.loadEnds('a', server);
    for (const server of ['s', 't'] as const) fails(driver, server);
    driver.pass(20_000);
    expect(loads(driver)).toEqual(['load a@s', 'load a@t', 'load a@u']);
    driver.loadEnds('a', 'u', 'transient');
    driver.pass(60_000);
    expect(loads(driver)).toHaveLength(3);
    count(driver, 't', 1, 4);
    expect(loads(driver)).toHaveLength(4);
  });

  it('leaves by the idle rule, and what stands in for it not before', () => {
    fails(driver, 's');
    driver.loadEnds('a', 't');
    for (let minute = 0; minute < 6; minute++) {
      count(driver, 's', 0, 5 + minute);
      driver.pass(58_000);
    }
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual(['ready', 'ready']);
    driver.pass(310_000);
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual([undefined, undefined]);
    expect(loads(driver)).toEqual(['load a@s', 'load a@t']);
  });

  it('counts toward no pin: another one is kept, and it may leave', () => {
    driver = aDriver({ pinnedCopies: 1, idleUnload: 60_000 });
    driver.loadEnds('a', 's');
    fails(driver, 's');
    expect(unsatisfiedPins(driver.fleet)).toEqual(['a']);
    driver.loadEnds('a', 't');
    expect(unsatisfiedPins(driver.fleet)).toEqual([]);
    const [old, young] = [...driver.fleet.replicas.values()];
    expect([isPinProtected(driver.fleet, old!), isPinProtected(driver.fleet, young!)]).toEqual([false, true]);
    driver.pass(90_000);
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual([undefined, 'ready']);
  });

  it('gives its place to a starving model though it is pinned, and comes back after it', () => {
    driver = new CoreDriver()
      .declare(aModel('a', { onFailing: 'replace', pinnedCopies: 1 }), aModel('b', { gpuBytes: 4 }))
      .serve(aServer('s', [4]), ['a', 'b']);
    driver.loadEnds('a', 's');
    fails(driver, 's');
    driver.resolve('a', { lease: 60_000 });
    driver.resolve('b', { wait: 90_000 });
    driver.pass(35_000);
    expect([driver.phase('a', 's'), driver.phase('b', 's')]).toEqual(['draining', 'placed']);
    driver.pass(30_000);
    driver.loadEnds('b', 's');
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load b@s', 'unload b@s', 'load a@s']);
  });

  it('is known as one still when it is taken back from a drain', () => {
    driver.declare(aModel('e', { gpuBytes: 0, dependsOn: [A] }));
    fails(driver, 's');
    driver.resolve('a', { lease: 60_000 });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    expect(driver.phase('a', 's')).toBe('draining');
    driver.shelf('s').set('e', 'READY');
    driver.pass(10_000);
    expect(driver.phase('a', 's')).toBe('ready');
    const [copy] = driver.fleet.replicas.values();
    expect(replicaFlags(driver.fleet, copy!, new Now(driver.now))).toEqual(['failing']);
  });

  it('serves on a server that drains until another is ready, and leaves it at once where that fails as well', () => {
    driver = aDriver({ idleUnload: null }).warm('a', 's');
    fails(driver, 's');
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    driver.pass(10_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.tell({ kind: 'DrainEnded', server: 's' as ServerId });
    driver.loadEnds('a', 't');
    fails(driver, 't');
    driver.tell({ kind: 'DrainOrdered', server: 's' as ServerId, deadline: null });
    driver.pass(10_000);
    expect([driver.phase('a', 's'), driver.phase('a', 't')]).toEqual([undefined, 'ready']);
  });

  it('goes on serving where there is no other place', () => {
    driver = new CoreDriver().declare(aModel('a', { onFailing: 'replace' })).serve(aServer('s', [4]), ['a']);
    driver.warm('a', 's');
    fails(driver, 's');
    driver.pass(60_000);
    expect(driver.orders()).toEqual(['load a@s']);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    const again = driver.resolve('a', { avoid: ['s'] });
    driver.tell({ kind: 'ServersDoubted', servers: ['s' as ServerId] });
    driver.pass(2_000);
    expect(driver.answerTo(again)).toBe('s');
  });
});

describe('an unload that never ends', () => {
  const stuck = (): CoreDriver => {
    const driver = new CoreDriver()
      .declare(aModel('a', { onFailing: 'replace' }), aModel('b'))
      .serve(aServer('s', [8]), ['a', 'b'])
      .warm('a', 's');
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(360_000);
    return driver;
  };
  const flags = (driver: CoreDriver): string[] =>
    serverFlags(driver.fleet, driver.fleet.servers.get('s' as ServerId)!, new Now(driver.now));

  it('flags its server and keeps its bytes, and the model finds no capacity there', () => {
    const driver = stuck();
    expect(driver.phase('a', 's')).toBe('unloading');
    expect(flags(driver)).toEqual(['stuck_unload', 'needs_restart']);
    expect(driver.answerTo(driver.resolve('a'))).toBe('no_capacity');
  });

  it('leaves the rest of its server at work', () => {
    const driver = stuck().warm('b', 's');
    expect(driver.phase('b', 's')).toBe('ready');
    expect(driver.orders()).toEqual(['load a@s', 'unload a@s', 'load b@s']);
  });

  it('sends its model to another server', () => {
    const driver = stuck();
    driver.serve(aServer('t', [8]), ['a']);
    driver.warm('a', 't');
  });

  it('is over with its process', () => {
    const driver = stuck();
    const server = 's' as ServerId;
    for (const fact of ['ended', 'refused'] as const) driver.tell({ kind: 'ContactChanged', server, fact });
    driver.shelf('s').set('a', '');
    driver.tell({ kind: 'ContactChanged', server, fact: 'connected' });
    driver.pass(1_000);
    expect(flags(driver)).toEqual([]);
    driver.warm('a', 's');
  });
});
