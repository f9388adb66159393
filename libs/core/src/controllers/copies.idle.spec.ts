import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Utilisation } from '../fleet/kept.js';
import { replicaId } from '../fleet/ids.js';

const A = aModel('a').id;
const MINUTE = 60_000;

const utilisationIn = (driver: CoreDriver): Utilisation => driver.fleet.utilisations.get(A)!;

/** So many requests stand in the queue of `a` on `t` for so long. */
function queueLasts(driver: CoreDriver, queue: number, millis: number): void {
  driver.shelf('t').pending.set(A, queue);
  driver.pass(millis);
}

/** Routes are given to the copies on these servers, for an hour. */
function useLong(driver: CoreDriver, servers: readonly string[]): void {
  const [at, inUseUntil] = [driver.now, driver.now + 60 * MINUTE];
  const used = servers.map((server) => replicaId(A, aServer(server).id));
  const uses = used.map((replica) => ({ replica, at, inUseUntil, routes: 1 }));
  driver.tell({ kind: 'RoutesUsed', uses });
}

/** A model with three copies, the second and the third by demand; all but the last are in use for an hour. */
function threeCopies(): CoreDriver {
  const driver = new CoreDriver().declare(aModel('a', { maxCopies: 3, idleUnload: 2 * MINUTE }));
  for (const server of ['t', 'u', 'v']) driver.serve(aServer(server), ['a']);
  driver.warm('a', 't');
  for (const server of ['u', 'v']) {
    queueLasts(driver, 20, 12_000);
    driver.loadEnds('a', server);
  }
  useLong(driver, ['t', 'u']);
  expect(utilisationIn(driver).copies).toBe(3);
  return driver;
}

describe('a copy by demand', () => {
  it('is wanted still where its server drains', () => {
    const driver = threeCopies().serve(aServer('w'), ['a']);
    driver.tell({ kind: 'DrainOrdered', server: aServer('v').id, deadline: null });
    expect(driver.orders().slice(3)).toEqual(['load a@w', 'unload a@v']);
    expect(utilisationIn(driver).copies).toBe(3);
  });
});

describe('one of three copies that goes because it is idle', () => {
  it('leaves the others wanted, which have to be easy for five minutes again', () => {
    const driver = threeCopies();
    queueLasts(driver, 0, 3 * MINUTE);
    expect(driver.phase('a', 'v')).toBeUndefined();
    expect(utilisationIn(driver)).toMatchObject({ copies: 2 });
    expect(driver.now - utilisationIn(driver).easySince!).toBeLessThan(2 * MINUTE);
  });

  it('makes no demand of what pins had brought', () => {
    const driver = new CoreDriver().declare(aModel('a', { maxCopies: 3, pinnedCopies: 3 }));
    for (const server of ['t', 'u', 'v']) driver.serve(aServer(server), ['a']);
    for (const server of ['t', 'u', 'v']) driver.loadEnds('a', server);
    useLong(driver, ['t', 'u']);
    driver.pass(MINUTE);
    driver.declare(aModel('a', { maxCopies: 3, idleUnload: MINUTE }));
    driver.pass(MINUTE);
    expect(driver.orders().slice(3)).toEqual(['unload a@v']);
    expect(utilisationIn(driver).copies).toBe(1);
  });

  it('is not loaded anew at once where requests stand in the queue of another', () => {
    const driver = threeCopies();
    driver.shelf('t').pending.set(A, 50);
    while (driver.phase('a', 'v') === 'ready') driver.pass(500);
    expect(utilisationIn(driver)).toMatchObject({ copies: 2, easySince: null });
  });
});
