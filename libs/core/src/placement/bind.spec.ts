import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import { wantsOf } from '../demand/wants.js';
import { openServers } from '../fleet/standing.js';
import { Line } from '../loading/line.js';
import { bindDue } from './bind.js';

const S = aServer('s').id;

/** A GPU that these copies fill, each of 4, none in use; `x` needs 4, and loads in 8 s. */
function filledBy(...names: readonly string[]): CoreDriver {
  const driver = new CoreDriver()
    .declare(...[...names, 'x'].map((name) => aModel(name, { config: '{}' })))
    .serve(aServer('s', [4 * names.length]), [...names, 'x', 'y']);
  for (const name of names) driver.warm(name, 's');
  for (const name of ['x', 'y']) driver.loadsTake(name, 8_000);
  driver.pass(60_000);
  driver.unloadsTake('s', 1_000);
  return driver;
}

const unloads = (driver: CoreDriver): string[] =>
  driver.orders().filter((order) => order.startsWith('unload'));

describe('two jobs of one turn', () => {
  it('do not each make a copy leave of which one is pinned', () => {
    const driver = new CoreDriver().declare(
      aModel('pinned', { gpuBytes: 6, pinnedCopies: 1, idleUnload: null }),
      aModel('a', { gpuBytes: 6 }),
      aModel('b', { gpuBytes: 6 }),
    );
    const until = driver.now + 60_000;
    driver.tell(
      { kind: 'LoadOrdered', model: aModel('a').id, until },
      { kind: 'LoadOrdered', model: aModel('b').id, until },
    );
    for (const server of ['s', 't']) {
      driver.serve(aServer(server, [10], { strangers: 'adopt' }), []);
      for (const id of ['a', 'b']) driver.shelf(server).set(id, '');
      driver.shelf(server).set('pinned', 'READY');
    }
    driver.pass(20_000);
    expect(['s', 't'].filter((server) => driver.phase('pinned', server) === 'ready')).toHaveLength(1);
  });

  it('do not both count on one copy', () => {
    const driver = filledBy('a', 'b');
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerDevice: 2 };
    driver.declare(aModel('y', { config: '{}' }));
    driver.looksEnd = false;
    for (const name of ['x', 'y']) driver.resolve(name, { wait: 60_000 });
    driver.looksEnd = true;
    const look = driver.shelf('s').look(driver.now, 'statistics', false);
    driver.tell({ kind: 'Looked', server: S, look });
    expect(unloads(driver)).toEqual(['unload a@s', 'unload b@s']);
  });
});

describe('the copies that leave for a job', () => {
  it('are chosen when it gets its place, by what they are worth then', () => {
    const driver = filledBy('a', 'b', 'c');
    driver.fleet.limits = { ...driver.fleet.limits, loadsPerServer: 1 };
    driver.declare(aModel('y', { config: '{}' }));
    driver.resolve('y', { wait: 60_000 });
    driver.pass(1_000);
    driver.unloadsTake('s', 1_000);
    expect([unloads(driver), driver.isLoading('y', 's')]).toEqual([['unload a@s'], true]);
    driver.resolve('x', { wait: 60_000 });
    expect(driver.phase('x', 's')).toBeUndefined();
    for (let more = 0; more < 5; more += 1) driver.resolve('b', { lease: 0 });
    driver.pass(6_900);
    driver.loadEnds('y', 's');
    driver.pass(1_000);
    expect(unloads(driver)).toEqual(['unload a@s', 'unload c@s']);
  });

  it('are of the lowest class that is enough, also where they are worth more; no more than that takes', () => {
    const driver = filledBy('a', 'b', 'c');
    driver.declare(aModel('c', { config: '{}', class: 'sheddable' }));
    for (let more = 0; more < 5; more += 1) driver.resolve('c', { lease: 0 });
    driver.resolve('x', { wait: 60_000 });
    driver.pass(2_000);
    expect(unloads(driver)).toEqual(['unload c@s']);
  });

  it('begin to drain once their use was read since the job is wanted, and a short time ago', () => {
    const driver = filledBy('a');
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    const wanted = driver.fleet.servers.get(S)!.statisticsWanted;
    expect([driver.phase('a', 's'), wanted]).toEqual(['ready', driver.now]);
    driver.shelf('s').served.set(aModel('a').id, { succeeded: 9, failed: 0, lastInference: driver.now });
    driver.looksEnd = true;
    const look = driver.shelf('s').look(driver.now, 'statistics', false);
    driver.tell({ kind: 'Looked', server: S, look });
    expect(driver.phase('a', 's')).not.toBe('ready');
  });
});

describe('a job for which no copies are found that could leave', () => {
  /** Its line was worked out before. */
  function bindsLate(change: (driver: CoreDriver) => void): CoreDriver {
    const driver = filledBy('a');
    driver.looksEnd = false;
    driver.resolve('x', { wait: 60_000 });
    const { fleet, now } = driver;
    const line = new Line(
      fleet,
      wantsOf(fleet, new Now(now)),
      openServers(fleet, new Now(now)),
      new Now(now),
    );
    const server = fleet.servers.get(S)!;
    fleet.servers.set(S, { ...server, statisticsAt: now });
    change(driver);
    expect(bindDue(fleet, line, line.all, new Now(now))).toBe(true);
    return driver;
  }

  it('gets no place, and finds its server void for a second', () => {
    const { fleet, now } = bindsLate(({ fleet: { models } }) =>
      models.set(aModel('a').id, aModel('a', { pinnedCopies: 1 })),
    );
    expect(fleet.replicas.size).toBe(1);
    expect([...fleet.refuted]).toEqual([[replicaId(aModel('x').id, S), now + 1_000]]);
  });

  it('gets its place otherwise, and nothing is void', () => {
    const driver = bindsLate(() => undefined);
    expect([driver.phase('a', 's'), driver.phase('x', 's')]).toEqual(['draining', 'placed']);
    expect(driver.fleet.refuted.size).toBe(0);
  });
});
