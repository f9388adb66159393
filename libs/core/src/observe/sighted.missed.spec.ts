import { Now } from '../numbers/now.js';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { put } from '../fleet/fleet.js';
import { type FailureCause, type Replica, type Sight, type Unknown, UNSEEN } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { loadBegan } from '../fleet/standing.js';
import { replicaId, type RequestId } from '../fleet/ids.js';
import type { Sighting } from '../looks/look.js';
import { sighted } from './sighted.js';

const A = aModel('a').id;
const B = aModel('b').id;
const [T, U] = [aServer('t').id, aServer('u').id];
const ID = replicaId(A, T);
const SETTLED = 5_000;
const COMES: Sight = { shows: 'coming', since: 0 };

const GONE: Sighting = { kind: 'gone', proven: true };
/** No row at all, or one that may be another's: alone it proves nothing. */
const MISSED: Sighting = { kind: 'gone', proven: false };

/** Looks are taken only where the test shows something. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a'), aModel('b', { gpuBytes: 1 }))
    .serve(aServer('t'), ['a', 'b']);
  serverIn(driver).looking = 'full';
  return driver;
}

const serverIn = ({ fleet }: CoreDriver): Server => fleet.servers.get(T)!;
const replicaIn = ({ fleet }: CoreDriver): Replica | undefined => fleet.replicas.get(ID);
const unknownIn = (driver: CoreDriver): Unknown => replicaIn(driver) as Unknown;

/** What looks show of it, and since when a load may run. */
const sightIn = (driver: CoreDriver) =>
  [unknownIn(driver).sight.shows, loadBegan(unknownIn(driver))] as const;

/** A look that began at some moment shows `a` so. */
const see = (driver: CoreDriver, sighting: Sighting, begunAt = driver.now): void =>
  sighted(driver.fleet, serverIn(driver), A, { sighting, begunAt, now: new Now(driver.now) });

/** Our load of it ended so. */
function loaded(outcome: 'unknown' | FailureCause): CoreDriver {
  const driver = aDriver();
  driver.resolve('a', { wait: 300 });
  driver.loadEnds('a', 't', outcome);
  return driver;
}

/** It was ready, and a look has shown it on its way out: not by an order of ours. */
function leftBySomebody(): CoreDriver {
  const driver = aDriver().warm('a', 't');
  driver.now += 1_000;
  see(driver, { kind: 'leaving' });
  expect(replicaIn(driver)).toMatchObject({ phase: 'unknown', after: 'found' });
  return driver;
}

describe('what another client unloads', () => {
  it('is gone when two looks a second apart show it so', () => {
    const driver = leftBySomebody();
    const { since: endedAt } = unknownIn(driver);
    see(driver, GONE, endedAt);
    expect(unknownIn(driver).sight).toEqual({ shows: 'absent', since: endedAt });
    see(driver, GONE, endedAt + 999);
    expect(unknownIn(driver).sight).toEqual({ shows: 'absent', since: endedAt });
    see(driver, GONE, endedAt + 1_000);
    expect(replicaIn(driver)).toBeUndefined();
    expect(driver.fleet.lastUnloads.get(A)?.cause).toBe('lost');
    expect(serverIn(driver).ordered.has(A)).toBe(false);
  });

  it('is not missed by a look that began before it was found so', () => {
    const driver = leftBySomebody();
    see(driver, GONE, unknownIn(driver).since - 1);
    expect(unknownIn(driver).sight.shows).toBe('leaving');
  });

  it('is gone without proof when the time for stuck orders has passed', () => {
    const driver = leftBySomebody();
    const { since: endedAt } = unknownIn(driver);
    const until = endedAt + driver.fleet.limits.stuckAfter;
    see(driver, MISSED, endedAt);
    see(driver, MISSED, until - 1);
    expect(unknownIn(driver).sight).toEqual({ shows: 'absent', since: endedAt });
    see(driver, MISSED, until);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it('is on every device again where it comes back, until its config is read once more', () => {
    const driver = leftBySomebody();
    const server = serverIn(driver);
    server.configs.set(A, { json: '{}', kind: 'cpu', gpus: [], count: 1 });
    server.described.set(A, 'told');
    driver.fleet.replicas.set(ID, { ...unknownIn(driver), devices: [], bookings: [] });
    const rows = [
      {
        model: A,
        version: '1',
        lastInference: 0,
        succeeded: 0,
        failed: 0,
        waited: 0,
        memory: [],
      },
    ];
    see(driver, { kind: 'serving', rows, isMoving: false });
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', devices: [0], bookings: [{ bytes: 4 }, {}] });
    expect([server.configs.has(A), server.described.has(A)]).toEqual([false, false]);
  });
});

describe('a load that was seen to come', () => {
  it.each<[string, Sighting]>([
    ['leaves again', { kind: 'leaving' }],
    ['is gone', GONE],
  ])('loses the promises by it where it %s', (_, sighting) => {
    const driver = aDriver();
    see(driver, { kind: 'coming' });
    const request = driver.resolve('a', { wait: 60_000 }) as RequestId;
    driver.fleet.promises.set(request, driver.now + 10_000);
    see(driver, { kind: 'coming' });
    expect(driver.fleet.lost.get(request)).toBeUndefined();
    see(driver, sighting);
    expect(driver.fleet.lost.get(request)).toBe('load_failed');
  });

  it('loses none where another load of it runs', () => {
    const driver = aDriver();
    see(driver, { kind: 'coming' });
    const request = driver.resolve('a', { wait: 60_000 }) as RequestId;
    driver.fleet.promises.set(request, driver.now + 10_000);
    put(driver.fleet, { ...unknownIn(driver), id: replicaId(A, U), server: U });
    see(driver, { kind: 'leaving' });
    expect(driver.fleet.lost.get(request)).toBeUndefined();
  });
});

describe('a load that failed', () => {
  it('holds nothing when a look begun after that shows it gone', () => {
    const driver = loaded('capacity');
    const { since: endedAt } = unknownIn(driver);
    see(driver, GONE, endedAt);
    expect(replicaIn(driver)?.phase).toBe('unknown');
    see(driver, MISSED, endedAt + 1);
    expect(replicaIn(driver)).toBeUndefined();
    expect(driver.fleet.lastUnloads.has(A)).toBe(false);
    expect(serverIn(driver).ordered.has(A)).toBe(false);
  });
});

describe('a load without an answer', () => {
  it('may not have begun for five seconds, and is gone a second after that', () => {
    const driver = loaded('unknown');
    const settled = unknownIn(driver).since + SETTLED;
    see(driver, GONE, settled - 1);
    expect(unknownIn(driver)).toMatchObject({ sight: { shows: 'coming' } });
    see(driver, GONE, settled);
    expect(unknownIn(driver)).toMatchObject({ sight: { shows: 'absent', since: settled } });
    see(driver, GONE, settled + 1_000);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it('is ours still where it comes up after that', () => {
    const driver = loaded('unknown');
    const settled = unknownIn(driver).since + SETTLED;
    for (const begunAt of [settled, settled + 1_000]) see(driver, GONE, begunAt);
    expect(replicaIn(driver)).toBeUndefined();
    expect(serverIn(driver).ordered.has(A)).toBe(true);
  });

  it('is open while the model is on its way in, since the order or since it was first seen so', () => {
    const driver = loaded('unknown');
    const [, orderedAt] = sightIn(driver);
    put(driver.fleet, { ...unknownIn(driver), sight: { shows: 'absent', since: 1 } });
    see(driver, { kind: 'coming' });
    expect(sightIn(driver)).toEqual(['coming', orderedAt]);
    put(driver.fleet, { ...unknownIn(driver), after: 'found', sight: UNSEEN });
    see(driver, { kind: 'coming' });
    expect(sightIn(driver)).toEqual(['coming', driver.now]);
  });

  it('is open while the model is on its way out, and no load of ours runs any more', () => {
    const driver = loaded('unknown');
    put(driver.fleet, { ...unknownIn(driver), sight: { shows: 'absent', since: 1 } });
    see(driver, { kind: 'leaving' });
    expect(sightIn(driver)).toEqual(['leaving', null]);
  });

  it('may wait unseen while the load runs of what shares an ensemble with it, and is missed only then', () => {
    const driver = loaded('unknown');
    const settled = unknownIn(driver).since + SETTLED;
    see(driver, GONE, settled);
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [A, B] });
    const id = replicaId(B, T);
    const other = { ...unknownIn(driver), id, model: B };
    put(driver.fleet, { ...other, sight: COMES });
    see(driver, GONE, settled + 1_000);
    expect(unknownIn(driver)).toMatchObject({ sight: { shows: 'absent', since: null } });
    put(driver.fleet, { ...other, sight: UNSEEN });
    see(driver, GONE, settled + 2_000);
    see(driver, GONE, settled + 3_000);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it.each([
    ['what began before it may share its step', {}, 'unknown'],
    ['what began later does not keep it waiting', { sent: { orderedAt: 1e9, deadline: 1e9 } }, undefined],
    ['what is seen coming has all its steps', { sight: COMES }, undefined],
  ])('may wait unseen with an ensemble that is not described yet: %s', (_, unread, phase) => {
    const driver = loaded('unknown');
    const settled = unknownIn(driver).since + SETTLED;
    see(driver, GONE, settled);
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [aModel('shared').id] });
    serverIn(driver).configs.set(B, { json: '{}', kind: 'gpu', gpus: [0], count: 1 });
    const other = { ...unknownIn(driver), sight: UNSEEN, bookings: [] };
    put(driver.fleet, { ...other, id: replicaId(B, T), model: B, sight: COMES });
    const model = aModel('untold').id;
    put(driver.fleet, { ...other, id: replicaId(model, T), model, ...unread });
    see(driver, GONE, settled + 1_000);
    expect(replicaIn(driver)?.phase).toBe(phase);
  });
});

describe('an unload without an answer', () => {
  it('is over as it was meant five seconds later, where two looks show it so', () => {
    const driver = loaded('unknown');
    const unloaded = { after: 'unload', cause: 'evicted', makesRoomFor: B } as const;
    driver.fleet.replicas.set(ID, { ...unknownIn(driver), ...unloaded });
    const settled = unknownIn(driver).since + SETTLED;
    see(driver, GONE, settled - 1);
    expect(unknownIn(driver).sight.shows).not.toBe('absent');
    see(driver, GONE, settled);
    see(driver, GONE, settled + 1_000);
    expect(replicaIn(driver)).toBeUndefined();
    expect(driver.fleet.lastUnloads.get(A)).toMatchObject({ cause: 'evicted', makesRoomFor: B });
    expect(serverIn(driver).ordered.has(A)).toBe(false);
  });
});
