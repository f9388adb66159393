import { Now } from '../numbers/now.js';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { LastUnload } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import type { ServingRow, Sighting } from '../looks/look.js';
import type { Replica, Unknown, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isNeeded } from '../memory/footprint.js';
import { isUnclaimed } from '../memory/pending.js';
import { sighted } from './sighted.js';

const A = aModel('a').id;
const T = aServer('t').id;
const ID = replicaId(A, T);

const row = (version: string): ServingRow => ({
  model: A,
  version,
  ...{ lastInference: 0, succeeded: 0, failed: 0, waited: 0, memory: [] },
});
const SERVES: Sighting = { kind: 'serving', rows: [row('1')], isMoving: false };
const COMES: Sighting = { kind: 'coming' };
const LEAVES: Sighting = { kind: 'leaving' };
const GONE: Sighting = { kind: 'gone', proven: true };
/** No row at all, or one that may be another's: alone it proves nothing. */
const MISSED: Sighting = { kind: 'gone', proven: false };

/** Looks are taken only where the test shows something. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a'), aModel('b', { needsDeclared: false }), aModel('x', { gpuBytes: 10 }))
    .serve(aServer('t'), ['a', 'b', 'x']);
  serverIn(driver).looking = 'full';
  return driver;
}

const serverIn = ({ fleet }: CoreDriver): Server => fleet.servers.get(T)!;
const replicaIn = ({ fleet }: CoreDriver): Replica | undefined => fleet.replicas.get(ID);
const lastUnload = ({ fleet }: CoreDriver): LastUnload | undefined => fleet.lastUnloads.get(A);

/** A look that began at some moment shows `a` so. */
const see = (driver: CoreDriver, sighting: Sighting, begunAt = driver.now): void =>
  sighted(driver.fleet, serverIn(driver), A, { sighting, begunAt, now: new Now(driver.now) });

/** Makes what is booked for `a` something else in the detail that the test is about. */
const set = (driver: CoreDriver, parts: Partial<Unknown> | Partial<Unloading>): unknown =>
  driver.fleet.replicas.set(ID, { ...replicaIn(driver), ...parts } as Replica);

function warm(): CoreDriver {
  const driver = aDriver().warm('a', 't');
  driver.now += 1_000;
  return driver;
}

function unloading(): CoreDriver {
  const driver = warm();
  driver.unloadsEnd = false;
  serverIn(driver).metricsAnswered = false;
  driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
  driver.now += 1_000;
  return driver;
}

function unknown(outcome: 'unknown' | 'capacity' = 'unknown'): CoreDriver {
  const driver = aDriver();
  driver.resolve('a', { wait: 300 });
  driver.loadEnds('a', 't', outcome);
  driver.now += 1_000;
  return driver;
}

describe('what was not booked', () => {
  it('and serves is taken to be in use for ten seconds, by leases that an earlier life of ours gave', () => {
    const driver = aDriver();
    see(driver, SERVES);
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', inUseUntil: driver.now + 10_000 });
  });

  it('has taken memory that the books did not know of, also where an order of an earlier life of ours brought it', () => {
    const driver = aDriver();
    serverIn(driver).ordered.add(A);
    see(driver, COMES);
    expect([replicaIn(driver), serverIn(driver).lateMemoryAt]).toMatchObject([
      { stranger: false },
      driver.now,
    ]);
  });

  it('and is on its way in may be for as long as a load of our own', () => {
    const driver = aDriver();
    see(driver, COMES);
    expect(replicaIn(driver)).toMatchObject({
      phase: 'unknown',
      sight: { shows: 'coming', since: driver.now },
    });
  });

  it('and is on its way out is booked as that', () => {
    const driver = aDriver();
    see(driver, LEAVES);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unknown', sight: { shows: 'leaving' } });
  });

  it('and is not there is not booked', () => {
    const driver = aDriver();
    see(driver, GONE);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it('is a stranger, unless we have ordered it', () => {
    const strange = aDriver();
    see(strange, SERVES);
    expect(replicaIn(strange)?.stranger).toBe(true);
    const ours = aDriver();
    serverIn(ours).ordered.add(A);
    see(ours, SERVES);
    expect(replicaIn(ours)?.stranger).toBe(false);
  });

  it.each([
    { what: 'nothing is known of', known: () => undefined, isStranger: false },
    {
      what: 'the steps are known of',
      known: ({ fleet }: CoreDriver) => fleet.steps.set(aModel('b').id, []),
      isStranger: true,
    },
    {
      what: 'the needs are declared of',
      known: (driver: CoreDriver) => driver.declare(aModel('b')),
      isStranger: true,
    },
  ])('may be a step of what we load and $what: $isStranger', ({ known, isStranger }) => {
    const driver = aDriver();
    driver.resolve('b');
    known(driver);
    see(driver, SERVES);
    expect(replicaIn(driver)?.stranger).toBe(isStranger);
    expect(isUnclaimed(driver.fleet, replicaIn(driver)!)).toBe(!isStranger);
  });

  it('is taken for a step no longer once it is gone', () => {
    const driver = aDriver();
    driver.resolve('b');
    see(driver, SERVES);
    expect(isNeeded(driver.fleet, replicaIn(driver)!)).toBe(true);
    see(driver, GONE);
    driver.now += 1_000;
    see(driver, GONE);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it('is a stranger where ours was only placed', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.fleet.replicas.set(ID, { ...replicaIn(driver), phase: 'placed', coLoadedBy: null } as Replica);
    serverIn(driver).ordered.clear();
    see(driver, SERVES);
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', stranger: true });
  });
});

describe('a copy that is ready', () => {
  it('serves the versions that are seen, in the order of their numbers', () => {
    const driver = warm();
    see(driver, { kind: 'serving', rows: ['10', '9', '2'].map(row), isMoving: false });
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', versions: ['2', '9', '10'] });
  });

  it('is not written down anew where nothing has changed', () => {
    const driver = warm();
    const before = replicaIn(driver);
    see(driver, SERVES);
    expect(replicaIn(driver)).toBe(before);
  });

  it.each([
    { seen: COMES, shows: 'coming', age: 0 },
    { seen: LEAVES, shows: 'leaving', age: null },
    { seen: GONE, shows: 'absent', age: 10 },
  ])('loses its routes where it is seen $seen.kind', ({ seen, shows, age }) => {
    const driver = warm();
    see(driver, seen, driver.now - 10);
    const sight = { shows, since: age === null ? null : driver.now - age };
    expect(replicaIn(driver)).toMatchObject({ phase: 'unknown', cause: 'lost', after: 'found', sight });
    expect(replicaIn(driver)).toMatchObject({ since: driver.now, sent: null });
  });

  it('stays where the look began before it was ready, and not where it began just then', () => {
    const driver = warm();
    const { since } = replicaIn(driver)!;
    see(driver, GONE, since - 1);
    expect(replicaIn(driver)?.phase).toBe('ready');
    see(driver, GONE, since);
    expect(replicaIn(driver)?.phase).toBe('unknown');
  });

  it('keeps why it was to go where it is missed while it drains', () => {
    const driver = aDriver();
    driver.resolve('a', { lease: 60_000 });
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    see(driver, SERVES);
    expect(replicaIn(driver)?.phase).toBe('draining');
    see(driver, GONE);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unknown', cause: 'admin' });
  });
});

describe('an unload', () => {
  it('is over when a look shows that the model is gone, for the reason it was ordered for', () => {
    const driver = unloading();
    see(driver, GONE);
    expect(replicaIn(driver)).toBeUndefined();
    expect(lastUnload(driver)).toEqual({ at: driver.now, cause: 'admin', makesRoomFor: null });
    expect(serverIn(driver).ordered.has(A)).toBe(false);
  });

  it('is not over by a look that began when Triton answered, or before', () => {
    const driver = unloading();
    see(driver, GONE, (replicaIn(driver) as Unloading).answeredAt!);
    expect(replicaIn(driver)?.phase).toBe('unloading');
  });

  it('is over without proof when the time for stuck orders has passed since it was first missed', () => {
    const driver = unloading();
    const missedAt = driver.now;
    see(driver, MISSED);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unloading', absentSince: missedAt });
    driver.now += driver.fleet.limits.stuckAfter;
    see(driver, MISSED, driver.now - 1);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unloading', absentSince: missedAt });
    see(driver, MISSED);
    expect(replicaIn(driver)).toBeUndefined();
  });

  it('that is seen at work again has not been missed', () => {
    const driver = unloading();
    see(driver, MISSED);
    see(driver, LEAVES);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unloading', absentSince: null });
  });

  it.each([SERVES, COMES])(
    'behind which the model is $kind hides a copy, and that model is a stranger',
    (seen) => {
      const driver = unloading();
      const { bookings } = replicaIn(driver)!;
      see(driver, seen);
      const until = driver.now + driver.fleet.limits.stuckAfter;
      expect(serverIn(driver).hidden).toEqual([{ model: A, bookings, until, comesTo: null }]);
      expect(replicaIn(driver)?.stranger).toBe(true);
      expect(lastUnload(driver)?.cause).toBe('admin');
    },
  );
});

describe('what became of an order without an answer', () => {
  it('is that it came true where the model serves, which also ends the pause after a failure', () => {
    const driver = unknown();
    driver.fleet.cooldowns.set(ID, {
      model: A,
      server: T,
      failures: 1,
      cause: 'transient',
      at: 0,
      until: 9e9,
    });
    see(driver, SERVES);
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', versions: ['1'], since: driver.now });
    expect(driver.fleet.cooldowns.size).toBe(0);
  });

  it('is not told by a look that began before it', () => {
    const driver = unknown();
    const { since: endedAt } = replicaIn(driver) as Unknown;
    see(driver, SERVES, endedAt - 1);
    expect(replicaIn(driver)?.phase).toBe('unknown');
    see(driver, SERVES, endedAt);
    expect(replicaIn(driver)?.phase).toBe('ready');
  });

  it('to unload is not told before it has had five seconds, and two looks a second apart', () => {
    const driver = unknown();
    set(driver, { after: 'unload' });
    const { since: endedAt } = replicaIn(driver) as Unknown;
    see(driver, SERVES, endedAt + 4_999);
    expect(replicaIn(driver)?.phase).toBe('unknown');
    see(driver, SERVES, endedAt + 5_000);
    see(driver, SERVES, endedAt + 5_999);
    expect(replicaIn(driver)?.phase).toBe('unknown');
    see(driver, SERVES, endedAt + 6_000);
    expect(replicaIn(driver)?.phase).toBe('ready');
  });
});
