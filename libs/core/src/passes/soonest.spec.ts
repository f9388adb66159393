import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Class } from '../model.js';

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

/** Of two servers s has room, where a load has just begun; on t nothing loads, and somebody would have to leave. */
function roomOrSlot(): CoreDriver {
  const driver = serving({ s: { gpu: 8, models: ['a', 'x'] }, t: { gpu: 4, models: ['b', 'x'] } });
  driver.warm('b', 't');
  driver.pass(61_000);
  driver.resolve('a');
  return driver;
}

describe('what somebody critical waits for', () => {
  it.each<{ of: Class; orders: string[] }>([
    { of: 'critical', orders: ['load b@t', 'load a@s', 'unload b@t', 'load x@t'] },
    { of: 'default', orders: ['load b@t', 'load a@s'] },
  ])('goes where a slot is free, though somebody leaves there for it; $of', ({ of, orders }) => {
    const driver = roomOrSlot();
    driver.resolve('x', { class: of });
    driver.pass(2_000);
    expect(driver.orders()).toEqual(orders);
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

  it('goes where there is room, if nobody may leave elsewhere', () => {
    const driver = roomOrSlot();
    driver.resolve('b', { lease: 60_000 });
    driver.resolve('x', { class: 'critical' });
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
      driver.pass(2_000);
      driver.looksEnd = false;
      return driver.answerTo(driver.resolve('x', { class: of, wait: 18_000 })) === 'waiting';
    };
    expect([foreseen('critical'), foreseen('default')]).toEqual([true, false]);
  });
});
