import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import { serverFlags } from '../explain/view.js';
import type { ServerSpec } from '../fleet/server.js';

const SERVER = 't';

function aDriver(parts: Partial<ServerSpec> = {}): CoreDriver {
  return new CoreDriver()
    .declare(aModel('a'), aModel('b', { idleUnload: 60_000 }), aModel('c'))
    .serve(aServer(SERVER, [10], parts), ['a', 'b', 'c']);
}

const flagsOf = (driver: CoreDriver): string[] =>
  serverFlags(driver.fleet, driver.fleet.servers.get(aServer(SERVER).id)!, new Now(driver.now));

describe('a model found loaded that was not ordered', () => {
  it('is booked and routed at once', () => {
    const driver = aDriver();
    driver.shelf(SERVER).set('b', 'READY');
    driver.pass(10_000);
    expect(driver.answerTo(driver.resolve('b'))).toBe(SERVER);
    expect(driver.orders()).toEqual([]);
  });

  it('is never unloaded or evicted where strangers are kept', () => {
    const driver = aDriver();
    driver.shelf(SERVER).set('b', 'READY');
    driver.shelf(SERVER).set('a', 'READY');
    driver.pass(600_000);
    const request = driver.resolve('c');
    expect(driver.answerTo(request)).toBe('infeasible');
    expect(driver.orders()).toEqual([]);
  });

  it('is treated like any other where strangers are adopted, from the moment it was found', () => {
    const driver = aDriver({ strangers: 'adopt' });
    driver.shelf(SERVER).set('b', 'READY');
    driver.pass(10_000);
    const found = driver.fleet.replicas.get(replicaId(aModel('b').id, aServer(SERVER).id))!.since;
    driver.pass(found + 59_999 - driver.now);
    expect(driver.phase('b', SERVER)).toBe('ready');
    driver.pass(1);
    expect(driver.orders()).toEqual(['unload b@t']);
  });

  it('is drained when idle where strangers are retired', () => {
    const driver = aDriver({ strangers: 'retire' });
    driver.shelf(SERVER).set('b', 'READY');
    driver.pass(25_000);
    expect(driver.orders()).toEqual(['unload b@t']);
  });

  it('is no stranger where an earlier life of ours had ordered it', () => {
    const driver = aDriver();
    driver.tell({ kind: 'OrdersRemembered', server: aServer(SERVER).id, models: [aModel('b').id] });
    driver.shelf(SERVER).set('b', 'READY');
    driver.pass(80_000);
    expect(driver.orders()).toEqual(['unload b@t']);
  });
});

describe('a look', () => {
  it('that shows a routed model gone withdraws the route at once, and ends the booking at the second sight', () => {
    const driver = aDriver().warm('a', SERVER);
    driver.shelf(SERVER).set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(2_100);
    expect(driver.phase('a', SERVER)).toBe('unknown');
    driver.pass(1_600);
    expect(driver.phase('a', SERVER)).toBeUndefined();
    expect(driver.fleet.lastUnloads.get(aModel('a').id)?.cause).toBe('lost');
  });

  it('that shows what was long half way gone ends the booking at the second sight, too', () => {
    const driver = aDriver();
    driver.shelf(SERVER).set('b', 'LOADING');
    driver.pass(600_000);
    expect(driver.phase('b', SERVER)).toBe('unknown');
    driver.shelf(SERVER).set('b', 'UNAVAILABLE');
    const lookedAt = (): number | null => driver.fleet.servers.get(aServer(SERVER).id)!.lookedAt;
    for (const before = lookedAt(); lookedAt() === before;) driver.pass(100);
    expect(driver.phase('b', SERVER)).toBe('unknown');
    driver.pass(20_000);
    expect(driver.phase('b', SERVER)).toBeUndefined();
  });

  it('that shows what was only just found gone ends the booking as soon, for no order of ours is open', () => {
    const driver = aDriver();
    driver.shelf(SERVER).set('b', 'LOADING');
    while (driver.phase('b', SERVER) === undefined) driver.pass(100);
    driver.shelf(SERVER).set('b', 'UNAVAILABLE');
    driver.pass(2_000);
    expect(driver.phase('b', SERVER)).toBeUndefined();
  });

  it('that shows ready what failed to load does not end the pause after the failure', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', SERVER, 'missing');
    driver.shelf(SERVER).set('a', 'READY');
    driver.pass(1_000);
    expect(driver.phase('a', SERVER)).toBe('ready');
    expect(driver.fleet.cooldowns.size).toBe(1);
  });

  it('without a row proves nothing: the bytes stay booked until the time for stuck orders has passed', () => {
    const driver = aDriver().warm('a', SERVER);
    driver.shelf(SERVER).rowless.add(aModel('a').id);
    driver.pass(10_000);
    expect(driver.phase('a', SERVER)).toBe('ready');
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    driver.pass(349_000);
    expect(driver.phase('a', SERVER)).toBe('unloading');
    driver.pass(12_000);
    expect(driver.phase('a', SERVER)).toBeUndefined();
  });

  it('without a row of what was long half way proves nothing either, and its time begins only then', () => {
    const driver = aDriver();
    driver.shelf(SERVER).set('b', 'LOADING');
    driver.pass(600_000);
    driver.shelf(SERVER).states.delete(aModel('b').id);
    driver.pass(340_000);
    expect(driver.phase('b', SERVER)).toBe('unknown');
    driver.pass(30_000);
    expect(driver.phase('b', SERVER)).toBeUndefined();
  });

  it('that says READY after our unload was answered books the copy behind it too', () => {
    const driver = aDriver().warm('a', SERVER);
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: true });
    expect(driver.phase('a', SERVER)).toBe('unloading');
    driver.shelf(SERVER).set('a', 'READY');
    driver.pass(600);
    expect(driver.phase('a', SERVER)).toBe('ready');
    expect(flagsOf(driver)).toContain('hidden_copy');
    expect(driver.answerTo(driver.resolve('b', { wait: 1_000 }))).toBe('no_capacity');
    driver.pass(361_000);
    expect(flagsOf(driver)).not.toContain('hidden_copy');
  });

  it('that shows untouched what had a version tells of another incarnation', () => {
    const driver = aDriver().warm('a', SERVER);
    driver.shelf(SERVER).set('a', '');
    driver.pass(10_000);
    expect(driver.fleet.servers.get(aServer(SERVER).id)?.incarnation).toBe(2);
    expect(driver.phase('a', SERVER)).toBeUndefined();
  });
});

describe('a model that may be an ensemble', () => {
  it('whose load fails at once, so that its row is untouched again, tells of no other incarnation', () => {
    const driver = aDriver().warm('a', SERVER);
    driver.shelf(SERVER).set('b', 'UNAVAILABLE', 'unloaded');
    driver.pass(10_100);
    driver.resolve('b', { wait: 1_000 });
    driver.shelf(SERVER).set('b', '');
    driver.pass(700);
    expect(driver.fleet.servers.get(aServer(SERVER).id)?.incarnation).toBe(1);
    expect(driver.phase('a', SERVER)).toBe('ready');
  });
});

describe('a model whose row vanished with a load that found no version', () => {
  it('stays known, and is tried again when its pause is over', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.loadEnds('a', SERVER, 'missing');
    driver.shelf(SERVER).rowless.add(aModel('a').id);
    driver.pass(15_000);
    driver.warm('a', SERVER);
  });
});

describe('a ready copy that only fails', () => {
  it('is flagged after three failures without a success, until one succeeds', () => {
    const driver = aDriver().warm('a', SERVER);
    const count = (succeeded: number, failed: number): void => {
      driver.shelf(SERVER).served.set(aModel('a').id, { succeeded, failed, lastInference: 1 });
      driver.pass(2_000);
    };
    count(5, 0);
    count(5, 2);
    expect(flagsOf(driver)).not.toContain('failing_model');
    count(5, 3);
    expect(flagsOf(driver)).toContain('failing_model');
    expect(driver.answerTo(driver.resolve('a'))).toBe(SERVER);
    count(6, 3);
    expect(flagsOf(driver)).not.toContain('failing_model');
  });
});

describe('a load that never ends', () => {
  const stuck = (): CoreDriver => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 2, loadTimeout: 5_000 }), aModel('b', { gpuBytes: 2 }))
      .serve(aServer('t', [10]), ['a', 'b'])
      .serve(aServer('u', [10]), ['a', 'b']);
    driver.resolve('a', { wait: 60_000 });
    driver.pass(5_000);
    return driver;
  };

  it('is tried on one other server, and then no more', () => {
    const driver = stuck();
    expect(driver.orders()).toEqual(['load a@t', 'load a@u']);
    driver.pass(5_000);
    expect(driver.answerTo('r1')).toBe('load_failed');
    expect(driver.answerTo(driver.resolve('a'))).toBe('load_failed');
  });

  it('gives its device slot back, so that others go on', () => {
    const driver = stuck();
    driver.pass(5_000);
    driver.resolve('b');
    expect(driver.isLoading('b', 't') || driver.isLoading('b', 'u')).toBe(true);
  });

  it('in all slots of a server flags it, and it takes nothing new: requests wait as long as one may still end', () => {
    const driver = new CoreDriver()
      .declare(...['a', 'b', 'c'].map((id) => aModel(id, { gpuBytes: 2, loadTimeout: 5_000 })))
      .serve(aServer('t', [10]), ['a', 'b', 'c']);
    driver.resolve('a', { wait: 1 });
    driver.pass(5_000);
    driver.resolve('b', { wait: 1 });
    driver.pass(5_000);
    expect(flagsOf(driver)).toContain('needs_restart');
    const request = driver.resolve('c', { wait: 600_000 });
    driver.pass(340_000);
    expect([driver.answerTo(request), driver.phase('c', 't')]).toEqual(['waiting', undefined]);
    driver.pass(10_000);
    expect(driver.answerTo(request)).toBe('no_capacity');
  });

  it('counts as one from the moment it is found, after a restart of ours', () => {
    const driver = aDriver();
    driver.declare(aModel('a', { loadTimeout: 5_000 }));
    driver.tell({ kind: 'OrdersRemembered', server: aServer(SERVER).id, models: [aModel('a').id] });
    driver.shelf(SERVER).set('a', 'LOADING');
    driver.pass(10_000);
    const request = driver.resolve('a', { wait: 30_000 });
    expect(driver.answerTo(request)).toBe('waiting');
    driver.shelf(SERVER).set('a', 'READY');
    driver.pass(1_000);
    expect(driver.answerTo(request)).toBe(SERVER);
    expect(driver.orders()).toEqual([]);
  });
});
