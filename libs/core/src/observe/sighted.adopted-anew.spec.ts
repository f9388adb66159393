import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { replicaId } from '../fleet/ids.js';
import type { Unloading } from '../fleet/replica.js';

const A = aModel('a').id;
const SERVER = aServer('t').id;

/** Two GPUs, and a model that Berth has had on the second of them. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { config: '{}', idleUnload: 20_000 }))
    .serve(aServer('t', [10, 10]), ['a'])
    .warm('a', 't');
  const config = { json: '{}', kind: 'gpu', gpus: [1], count: 1 } as const;
  driver.tell({ kind: 'ConfigLearned', server: SERVER, model: A, config, steps: [] });
  return driver;
}

const devicesIn = (driver: CoreDriver): readonly number[] | undefined =>
  driver.fleet.replicas.get(replicaId(A, SERVER))?.devices;

const descriptions = (actions: readonly { kind: string }[]): number =>
  actions.filter(({ kind }) => kind === 'describe').length;

describe('a model that another client loads where it was before', () => {
  it('is taken to be on every device until its config was read again', () => {
    const driver = aDriver();
    expect(devicesIn(driver)).toEqual([1]);
    driver.pass(40_000);
    expect(devicesIn(driver)).toBeUndefined();
    driver.shelf('t').set('a', 'READY');
    expect(descriptions(driver.pass(10_000))).toBe(1);
    expect(devicesIn(driver)).toEqual([0, 1]);
  });

  it('is so too where it was seen gone only for a moment', () => {
    const driver = aDriver();
    driver.shelf('t').set('a', 'UNLOADING');
    driver.pass(2_500);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.shelf('t').set('a', 'READY');
    expect(descriptions(driver.pass(1_000))).toBe(1);
    expect(devicesIn(driver)).toEqual([0, 1]);
  });

  it('is so too where it serves after an unload of ours without an answer, which may have been carried out unseen', () => {
    const driver = aDriver();
    Object.assign(driver, { looksEnd: false, unloadsEnd: false });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    const id = replicaId(A, SERVER);
    const unloading = { ...(driver.fleet.replicas.get(id) as Unloading), answeredAt: null };
    driver.fleet.replicas.set(id, unloading);
    driver.tell({ kind: 'UnloadEnded', order: unloading.order, replica: id, outcome: { kind: 'unknown' } });
    driver.shelf('t').set('a', 'READY');
    driver.looksEnd = true;
    driver.tell({ kind: 'Looked', server: SERVER, look: driver.shelf('t').look(driver.now, 'full', false) });
    expect(descriptions(driver.pass(7_000))).toBe(1);
    expect([driver.phase('a', 't'), devicesIn(driver)]).toEqual(['ready', [0, 1]]);
  });
});

describe('a model that another client had loaded as KIND_CPU', () => {
  it('books its GPU when we load it by a declared config, and is described anew', () => {
    const driver = new CoreDriver().declare(aModel('a', { config: '{}' })).serve(aServer('t'), ['a']);
    driver.shelf('t').set('a', 'READY');
    driver.pass(10_000);
    const config = { json: '{}', kind: 'cpu', gpus: [], count: 1 } as const;
    driver.tell({ kind: 'ConfigLearned', server: SERVER, model: A, config, steps: [] });
    expect(driver.fleet.replicas.get(replicaId(A, SERVER))?.bookings).toHaveLength(1);
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(15_000);
    driver.resolve('a');
    expect(driver.fleet.replicas.get(replicaId(A, SERVER))?.bookings).toContainEqual({
      account: 'gpu:t/0',
      bytes: 4,
    });
    driver.loadEnds('a', 't');
    expect(driver.fleet.servers.get(SERVER)?.described.has(A)).toBe(true);
    expect(devicesIn(driver)).toEqual([0]);
  });
});
