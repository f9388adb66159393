import { Now } from '../numbers/now.js';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Outcome } from '../fleet/events.js';
import { put } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';
import type { Replica, Unknown, Unloading } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import type { Sighting } from '../looks/look.js';
import { sighted } from './sighted.js';

const A = aModel('a').id;
const B = aModel('b').id;
const T = aServer('t').id;
const ID = replicaId(A, T);
const SETTLED = 5_000;

const COUNTS = { lastInference: 0, succeeded: 0, failed: 0, waited: 0 };
const SERVES: Sighting = {
  kind: 'serving',
  rows: [{ model: A, version: '1', ...COUNTS, memory: [] }],
  isMoving: false,
};
const GONE: Sighting = { kind: 'gone', proven: true };

const serverIn = ({ fleet }: CoreDriver): Server => fleet.servers.get(T)!;
const replicaIn = ({ fleet }: CoreDriver): Replica | undefined => fleet.replicas.get(ID);
const unknownIn = (driver: CoreDriver): Unknown => replicaIn(driver) as Unknown;

/** Looks are taken only where the test shows something. */
function aDriver(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a', { idleUnload: null }), aModel('b', { gpuBytes: 1 }))
    .serve(aServer('t'), ['a', 'b']);
  serverIn(driver).looking = 'full';
  return driver;
}

/** The copy serves on, and so long after the order the call of its unload ended so. */
function unloaded(outcome: Outcome = { kind: 'unknown' }, took = 5_000): CoreDriver {
  const driver = aDriver().warm('a', 't');
  driver.unloadsEnd = false;
  driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
  const unloading = { ...(replicaIn(driver) as Unloading), answeredAt: null };
  driver.fleet.replicas.set(ID, unloading);
  driver.now = unloading.orderedAt + took;
  driver.tell({ kind: 'UnloadEnded', order: unloading.order, replica: ID, outcome });
  return driver;
}

/** Our load of it ended without an answer, so long after the order. */
function loaded(took = 0): CoreDriver {
  const driver = aDriver();
  driver.resolve('a', { wait: 300 });
  driver.now += took;
  driver.loadEnds('a', 't', 'unknown');
  return driver;
}

/** What becomes of it by looks that begin so long after the end of the call. */
function phasesAt(driver: CoreDriver, sighting: Sighting, ...moments: readonly number[]): unknown[] {
  const { since: endedAt } = unknownIn(driver);
  return moments.map((after) => {
    sighted(driver.fleet, serverIn(driver), A, {
      sighting,
      begunAt: endedAt + after,
      now: new Now(driver.now),
    });
    return replicaIn(driver)?.phase;
  });
}

/** The connection ended so long after the call, and another one stands. */
function reconnect(driver: CoreDriver, after = 0): void {
  serverIn(driver).looksCountFrom = unknownIn(driver).since + after;
}

/** The load of `b` runs, which is in one ensemble with `a`. */
function loadBeside(driver: CoreDriver, coming = true): void {
  driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [A, B] });
  const sent = { orderedAt: driver.now, deadline: driver.now };
  const sight = { shows: coming ? 'coming' : 'nothing', since: null } as const;
  const loading = { ...unknownIn(driver), id: replicaId(B, T), model: B, after: 'load' } as const;
  put(driver.fleet, { ...loading, sent, sight });
}

const UNKNOWN = 'unknown';

describe('an unload without an answer, of a copy that serves on', () => {
  it('was dropped where two looks a second apart say so, the first of which began 5 s after the call ended', () => {
    const driver = unloaded();
    const moments = [SETTLED - 1, SETTLED, SETTLED + 999];
    expect(phasesAt(driver, SERVES, ...moments)).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    const { lateMemoryAt: before } = serverIn(driver);
    driver.now += 1;
    expect(phasesAt(driver, SERVES, SETTLED + 1_000)).toEqual(['ready']);
    // What counted on its memory lost that now.
    expect([before < driver.now, serverIn(driver).lateMemoryAt]).toEqual([true, driver.now]);
  });

  it('gets no route before that, and gets one then', () => {
    const driver = unloaded();
    const request = driver.resolve('a');
    phasesAt(driver, SERVES, SETTLED);
    driver.pass(0);
    expect(driver.answerTo(request)).toBe('waiting');
    phasesAt(driver, SERVES, SETTLED + 1_000);
    driver.pass(0);
    expect(driver.answerTo(request)).toBe('t');
  });

  it.each<[string, Sighting]>([
    ['another copy of it is on its way in or out', { ...SERVES, isMoving: true }],
    ['it is on its way in', { kind: 'coming' }],
    ['it is on its way out', { kind: 'leaving' }],
    ['it is gone', GONE],
  ])('is looked at twice anew where a look in between shows that %s', (_, between) => {
    const driver = unloaded();
    phasesAt(driver, SERVES, SETTLED);
    expect(phasesAt(driver, between, SETTLED + 500)).toEqual([UNKNOWN]);
    expect(phasesAt(driver, SERVES, SETTLED + 1_000, SETTLED + 2_000)).toEqual([UNKNOWN, 'ready']);
  });

  it('is settled by no look while a load runs of what shares an ensemble with it, until it counts as stuck', () => {
    const driver = unloaded();
    loadBeside(driver);
    const { stuckAfter } = driver.fleet.limits;
    expect(phasesAt(driver, SERVES, SETTLED, stuckAfter - 1)).toEqual([UNKNOWN, UNKNOWN]);
    expect(phasesAt(driver, SERVES, stuckAfter)).toEqual(['ready']);
  });

  it('is settled where what shares an ensemble with it was dropped as well', () => {
    const driver = unloaded();
    loadBeside(driver, false);
    expect(phasesAt(driver, SERVES, SETTLED, SETTLED + 1_000)).toEqual([UNKNOWN, 'ready']);
  });

  it('keeps orders of its family waiting once it is settled: another client may have ordered what it waits behind', () => {
    const driver = unloaded();
    driver.tell({ kind: 'StepsRemembered', model: aModel('e').id, steps: [A, B] });
    phasesAt(driver, SERVES, SETTLED, SETTLED + 1_000);
    driver.resolve('b');
    serverIn(driver).looking = null;
    driver.shelf('t').set('a', 'READY');
    driver.pass(driver.fleet.limits.stuckAfter - 10_000);
    expect(driver.isLoading('b', 't')).toBe(false);
    driver.resolve('b', { wait: 60_000 });
    driver.pass(20_000);
    expect(driver.isLoading('b', 't')).toBe(true);
  });

  it('is settled over the next connection from its deadline and 2 s on', () => {
    const driver = unloaded({ kind: 'unknown' }, 1);
    reconnect(driver);
    expect(phasesAt(driver, SERVES, 6_998)).toEqual([UNKNOWN]);
    expect(phasesAt(driver, SERVES, 6_999, 7_998)).toEqual([UNKNOWN, UNKNOWN]);
    expect(phasesAt(driver, SERVES, 7_999)).toEqual(['ready']);
  });

  it('is settled by two looks over one connection', () => {
    const driver = unloaded();
    phasesAt(driver, SERVES, SETTLED);
    reconnect(driver, SETTLED + 500);
    expect(phasesAt(driver, SERVES, SETTLED + 1_000, SETTLED + 2_000)).toEqual([UNKNOWN, 'ready']);
  });

  it('that Triton refused is settled by one look 5 s later', () => {
    const driver = unloaded({ kind: 'failed', cause: 'transient' });
    expect(phasesAt(driver, SERVES, SETTLED - 1, SETTLED)).toEqual([UNKNOWN, 'ready']);
  });
});

describe('a load without an answer, of a model that is not there', () => {
  it('may come over another connection until its deadline and 2 s later, and is tried elsewhere meanwhile', () => {
    const driver = loaded(1_000);
    reconnect(driver);
    const { deadline } = unknownIn(driver).sent!;
    const late = deadline + 2_000 - unknownIn(driver).since;
    expect(phasesAt(driver, GONE, SETTLED, late - 1)).toEqual([UNKNOWN, UNKNOWN]);
    expect(unknownIn(driver)).toMatchObject({ sight: { shows: 'absent', since: null } });
    expect(phasesAt(driver, GONE, late, late + 1_000)).toEqual([UNKNOWN, undefined]);
  });

  it('has the deadline that it was sent with, whatever was declared since', () => {
    const driver = loaded(1_000);
    const { orderedAt } = unknownIn(driver).sent!;
    driver.declare(aModel('a', { loadTimeout: 1_000 }));
    reconnect(driver);
    expect(unknownIn(driver).sent).toEqual({ orderedAt, deadline: orderedAt + 60_000 });
    expect(phasesAt(driver, GONE, SETTLED, SETTLED + 1_000)).toEqual([UNKNOWN, UNKNOWN]);
  });
});
