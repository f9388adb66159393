import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Class } from '../fleet/model.js';

/** Servers of one load slot each; each model is where it is listed, takes 4, and a load of it 10 s. */
function serving(servers: Readonly<Record<string, { gpu: number; models: readonly string[] }>>): CoreDriver {
  const driver = new CoreDriver();
  driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
  const names = new Set(Object.values(servers).flatMap(({ models }) => models));
  for (const name of names) driver.declare(aModel(name, { gpuBytes: 4, config: '{}' }));
  for (const [name, { gpu, models }] of Object.entries(servers)) driver.serve(aServer(name, [gpu]), models);
  for (const name of names) driver.loadsTake(name, 10_000);
  return driver;
}

/** Two full servers: on s a load has just begun, and what is left there is missed less than what is on t, where nothing loads. */
function busyOrMissed(): CoreDriver {
  const driver = serving({ s: { gpu: 8, models: ['a', 'b', 'x'] }, t: { gpu: 4, models: ['c', 'x'] } });
  driver.warm('b', 's').pass(1_000);
  driver.warm('c', 't').pass(120_000);
  driver.resolve('a');
  return driver;
}

describe('what a critical request waits for', () => {
  it.each<{ of: Class; orders: string[] }>([
    { of: 'critical', orders: ['unload c@t', 'load x@t'] },
    { of: 'default', orders: ['unload b@s'] },
  ])('goes where a slot is free, though what leaves there is missed more; $of', ({ of, orders }) => {
    const driver = busyOrMissed();
    driver.resolve('x', { class: of });
    driver.pass(2_000);
    expect(driver.orders().slice(3)).toEqual(orders);
  });

  it('goes where memory is free before any copy leaves elsewhere', () => {
    const driver = serving({ s: { gpu: 8, models: ['a', 'x'] }, t: { gpu: 4, models: ['b', 'x'] } });
    driver.warm('b', 't').pass(120_000);
    driver.resolve('a');
    driver.resolve('x', { class: 'critical' });
    expect([driver.phase('x', 's'), driver.phase('b', 't')]).toEqual(['placed', 'ready']);
  });

  it('goes by what hurts least where no critical request waits for it any more', () => {
    const driver = busyOrMissed();
    driver.declare(aModel('x', { gpuBytes: 4, class: 'critical', config: '{}' }));
    driver.resolve('x', { wait: 0 });
    driver.pass(2_000);
    expect(driver.phase('c', 't')).toBe('ready');
  });

  it('goes where one is free next, if none is', () => {
    const driver = serving({
      s: { gpu: 8, models: ['a', 'x'] },
      t: { gpu: 8, models: ['b', 'x'] },
      u: { gpu: 8, models: ['c', 'x'] },
    });
    for (const model of ['c', 'a', 'b']) {
      driver.resolve(model);
      driver.pass(2_000);
    }
    expect(driver.orders()).toEqual(['load c@u', 'load a@s', 'load b@t']);
    driver.resolve('x', { class: 'critical' });
    expect(driver.phase('x', 'u')).toBe('placed');
  });

  it('does not go where memory is coming that a lease keeps for long', () => {
    const driver = serving({
      s: { gpu: 8, models: ['a', 'b', 'x'] },
      t: { gpu: 8, models: ['c', 'd', 'x'] },
    });
    driver.warm('a', 's').warm('b', 's').warm('c', 't').warm('d', 't');
    driver.pass(120_000);
    driver.resolve('a', { lease: 20_000 });
    driver.tell({ kind: 'UnloadOrdered', model: aModel('a').id, force: false });
    driver.resolve('x', { class: 'critical' });
    driver.pass(2_000);
    expect(driver.phase('x', 't')).toBe('loading');
  });

  it('goes behind another load, if no copy may leave elsewhere', () => {
    const driver = busyOrMissed();
    driver.resolve('c', { lease: 60_000 });
    driver.resolve('x', { class: 'critical' });
    driver.pass(2_000);
    expect(driver.phase('x', 's')).toBe('placed');
  });

  it('follows a move that was begun for it', () => {
    const driver = new CoreDriver()
      .declare(aModel('a', { gpuBytes: 4, pinnedCopies: 1 }), aModel('x', { gpuBytes: 8 }))
      .serve(aServer('t', [10]), ['a', 'x']);
    driver.loadEnds('a', 't');
    driver.serve(aServer('u', [10]), ['a', 'b', 'x']);
    driver.declare(aModel('b', { gpuBytes: 4, pinnedCopies: 1 }));
    driver.loadEnds('b', 'u');
    driver.pass(61_000);
    driver.resolve('x', { class: 'critical' });
    driver.pass(1_000);
    driver.loadEnds('a', 'u');
    driver.pass(5_000);
    expect(driver.orders().slice(2)).toEqual(['load a@u', 'unload a@t', 'load x@t']);
  });

  it('is foreseen before what others wait for, while it is read when that was used last', () => {
    const foreseen = (of: Class): boolean => {
      const driver = serving({ s: { gpu: 12, models: ['a', 'b', 'c', 'x'] } });
      driver.fleet.servers.get(aServer('s').id)!.unloadTimes = {
        mean: Math.log(400),
        deviation: 0,
        count: 8,
      };
      driver.warm('b', 's');
      driver.pass(61_000);
      driver.resolve('a');
      driver.resolve('c');
      driver.pass(2_100);
      driver.looksEnd = false;
      return driver.answerTo(driver.resolve('x', { class: of, wait: 18_000 })) === 'waiting';
    };
    expect([foreseen('critical'), foreseen('default')]).toEqual([true, false]);
  });
});
