import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aPendingModel as aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Replica } from '../fleet/replica.js';
import { replicaId } from '../fleet/ids.js';
import type { IndexRow } from '../looks/look.js';
import { unloadForecast } from '../learned/unload-times.js';
import { serverFlags } from '../explain/view.js';

const A = aModel('a').id;
const B = aModel('b').id;
const SERVER = aServer('t').id;
const ID = replicaId(A, SERVER);

const aDriver = (): CoreDriver => new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']);

/** Our unload of it has been answered, and Triton is still at it. */
function leaving(): CoreDriver {
  const driver = aDriver().warm('a', 't');
  driver.pass(1_000);
  driver.unloadsEnd = false;
  driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
  expect(driver.phase('a', 't')).toBe('unloading');
  return driver;
}

/** What a look shows that began a moment before Triton answered and is told after that. */
function tellEarlierLook(driver: CoreDriver, state: IndexRow['state']): void {
  const { answeredAt } = driver.fleet.replicas.get(ID) as Extract<Replica, { phase: 'unloading' }>;
  driver.fleet.servers.get(SERVER)!.statisticsAt = answeredAt! - 2;
  driver.shelf('t').set('a', state);
  const look = { ...driver.shelf('t').look(driver.now, 'full', false), begunAt: answeredAt! - 1 };
  driver.tell({ kind: 'Looked', server: SERVER, look });
}

/** How the books have a load without an answer, and without a row, while another model loads, and once that is ready. */
function phasesBehind(driver: CoreDriver, learn: () => void = () => {}): unknown[] {
  driver.shelf('t').set('b', 'LOADING');
  driver.pass(20_000);
  driver.resolve('a', { wait: 300 });
  learn();
  driver.loadEnds('a', 't', 'unknown');
  driver.shelf('t').set('a', 'UNAVAILABLE');
  driver.pass(60_000);
  const behind = driver.phase('a', 't');
  driver.shelf('t').set('b', 'READY');
  driver.pass(20_000);
  return [behind, driver.phase('a', 't')];
}

describe('a load without an answer', () => {
  it('is booked until two looks a second apart show nothing, of which the first began 5 s later', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300 });
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'UNAVAILABLE');
    driver.pass(5_900);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.pass(1_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('may wait behind the load of another step of its ensemble without showing: it is booked until that has ended', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'), aModel('b', { loadTimeout: 5_000 }))
      .serve(aServer('t'), ['a', 'b', 'e']);
    const learn = (): void => void driver.declare(aModel('e', { dependsOn: [A, B] }));
    expect(phasesBehind(driver, learn)).toEqual(['unknown', undefined]);
  });

  it('that was seen stuck is booked long after its directory was removed, which hides it', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300 });
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'LOADING');
    driver.pass(400_000);
    driver.shelf('t').rowless.add(A);
    driver.pass(340_000);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('may wait so for what came up with it, and may be a step of it', () => {
    const driver = new CoreDriver().declare(aModel('a'), aModel('b')).serve(aServer('t'), ['a', 'b']);
    driver.resolve('a', { wait: 300 });
    driver.shelf('t').set('b', 'LOADING');
    driver.pass(1_000);
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', '');
    driver.pass(60_000);
    expect(driver.phase('a', 't')).toBe('unknown');
    driver.shelf('t').set('b', 'UNAVAILABLE');
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('may wait so for what was on its way before it, which may be a step of it that an earlier life of ours brought', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'), aModel('b', { loadTimeout: 5_000 }))
      .serve(aServer('t'), ['a', 'b']);
    expect(phasesBehind(driver)).toEqual(['unknown', undefined]);
  });

  it('is booked for good once it shows up after all', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 300 });
    driver.loadEnds('a', 't', 'unknown');
    driver.shelf('t').set('a', 'UNAVAILABLE');
    driver.pass(4_000);
    driver.shelf('t').set('a', 'READY');
    driver.pass(3_000);
    expect(driver.phase('a', 't')).toBe('ready');
    expect(driver.fleet.replicas.get(ID)?.stranger).toBe(false);
  });
});

describe('an unload', () => {
  it('is not ended by a look that began before Triton answered it', () => {
    const driver = leaving();
    tellEarlierLook(driver, 'UNAVAILABLE');
    expect(driver.phase('a', 't')).toBe('unloading');
  });

  it('hides no copy where such a look shows the model ready still', () => {
    const driver = leaving();
    tellEarlierLook(driver, 'READY');
    expect(driver.phase('a', 't')).toBe('unloading');
    const server = driver.fleet.servers.get(SERVER)!;
    expect(serverFlags(driver.fleet, server, new Now(driver.now))).not.toContain('hidden_copy');
  });

  it('that is stuck is booked long after its directory was removed, which hides it', () => {
    const driver = leaving();
    driver.shelf('t').set('a', 'UNLOADING');
    driver.pass(400_000);
    driver.shelf('t').rowless.add(A);
    driver.pass(340_000);
    expect(driver.phase('a', 't')).toBe('unloading');
    driver.pass(20_000);
    expect(driver.phase('a', 't')).toBeUndefined();
  });

  it('teaches how long the next one there should take', () => {
    const driver = leaving();
    driver.shelf('t').set('a', 'UNLOADING');
    driver.pass(4_000);
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(1_000);
    expect(driver.phase('a', 't')).toBeUndefined();
    expect(unloadForecast(driver.fleet.servers.get(SERVER)).p50).toBeGreaterThan(4_000);
  });

  it('teaches it from the end of the last lease, and not from the order, which came later', () => {
    const driver = leaving();
    const replica = driver.fleet.replicas.get(ID) as Extract<Replica, { phase: 'unloading' }>;
    driver.fleet.replicas.set(ID, { ...replica, emptiedAt: replica.emptiedAt - 30_000 });
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(1_000);
    expect(unloadForecast(driver.fleet.servers.get(SERVER)).p50).toBeGreaterThan(30_000);
  });

  it('is not ended by any look while Triton has not answered it', () => {
    const driver = leaving();
    const replica = driver.fleet.replicas.get(ID) as Extract<Replica, { phase: 'unloading' }>;
    driver.fleet.replicas.set(ID, { ...replica, answeredAt: null });
    driver.shelf('t').set('a', 'UNAVAILABLE', 'unloaded');
    driver.pass(3_000);
    expect(driver.phase('a', 't')).toBe('unloading');
  });
});
