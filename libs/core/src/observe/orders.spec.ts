import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Outcome } from '../fleet/events.js';
import { type OrderId, replicaId } from '../fleet/ids.js';
import { type Loading, type Replica, type Unloading, UNSEEN } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';

const A = aModel('a').id;
const S = aModel('s').id;
const T = aServer('t').id;
const ID = replicaId(A, T);
const DONE: Outcome = { kind: 'succeeded', versions: ['1'] };

const aDriver = (gpus: readonly number[] = [10]): CoreDriver =>
  new CoreDriver().declare(aModel('a'), aModel('s')).serve(aServer('t', gpus), ['a', 's']);

const serverIn = ({ fleet }: CoreDriver): Server => fleet.servers.get(T)!;
const replicaIn = ({ fleet }: CoreDriver): Replica => fleet.replicas.get(ID)!;

/** No look is taken from now on. */
function looksAreHeldBack(driver: CoreDriver): CoreDriver {
  serverIn(driver).looking = 'full';
  return driver;
}

function learn(driver: CoreDriver, gpus: readonly number[], steps: readonly (typeof A)[] = []): void {
  const config = { json: '{}', kind: 'gpu', gpus, count: 1 } as const;
  driver.tell({ kind: 'ConfigLearned', server: T, model: A, config, steps });
}

describe('the end of a load', () => {
  it('is believed only of the order that is open', () => {
    const driver = aDriver();
    driver.resolve('a');
    driver.tell({ kind: 'LoadEnded', order: 'o99' as OrderId, replica: ID, outcome: DONE });
    expect(driver.phase('a', 't')).toBe('loading');
    expect(driver.fleet.loadTimes.has(A)).toBe(false);
  });

  it('is not believed of a load that has ended', () => {
    const driver = looksAreHeldBack(aDriver());
    driver.resolve('a');
    const { order } = replicaIn(driver) as Loading;
    driver.loadEnds('a', 't', 'unknown');
    driver.tell({ kind: 'LoadEnded', order, replica: ID, outcome: DONE });
    expect(driver.phase('a', 't')).toBe('unknown');
    expect(driver.fleet.loadTimes.has(A)).toBe(false);
  });

  it('of a replica that was forgotten, or drains, changes nothing', () => {
    const driver = aDriver();
    driver.tell({ kind: 'LoadEnded', order: 'o1' as OrderId, replica: ID, outcome: DONE });
    expect(driver.phase('a', 't')).toBeUndefined();
    driver.resolve('a', { lease: 20_000 });
    driver.loadEnds('a', 't');
    driver.tell({ kind: 'UnloadOrdered', model: A, force: false });
    driver.tell({ kind: 'LoadEnded', order: 'o1' as OrderId, replica: ID, outcome: DONE });
    expect(driver.phase('a', 't')).toBe('draining');
  });

  it('says how long it took, and ends the best-effort demand and the pause after the failure before', () => {
    const driver = aDriver();
    driver.resolve('a', { wait: 0 });
    driver.loadEnds('a', 't', 'transient');
    expect([driver.fleet.bestEffort.has(A), driver.fleet.cooldowns.has(ID)]).toEqual([true, true]);
    expect(driver.fleet.loadTimes.has(A)).toBe(false);
    driver.pass(2_000);
    const orderedAt = (replicaIn(driver) as { orderedAt: number }).orderedAt;
    driver.pass(3_000);
    driver.loadEnds('a', 't');
    expect([driver.fleet.bestEffort.has(A), driver.fleet.cooldowns.has(ID)]).toEqual([false, false]);
    expect(driver.fleet.loadTimes.get(A)).toMatchObject({ mean: Math.log(driver.now - orderedAt), count: 1 });
  });

  it('shows the versions that it made ready, and asks for a look', () => {
    const driver = looksAreHeldBack(aDriver());
    driver.resolve('a');
    driver.pass(1_000);
    driver.loadEnds('a', 't');
    expect(replicaIn(driver)).toMatchObject({ phase: 'ready', versions: ['1'], since: driver.now });
    expect(serverIn(driver).lookWanted).toBe(driver.now);
  });

  it('is that of the steps it brought as well, of whose versions it says nothing', () => {
    const driver = aDriver();
    driver.tell({ kind: 'StepsRemembered', model: A, steps: [S] });
    driver.resolve('a');
    looksAreHeldBack(driver).loadEnds('a', 't');
    expect(driver.fleet.replicas.get(replicaId(S, T))).toMatchObject({ phase: 'ready', versions: [] });
  });

  it('leaves the load of another model alone', () => {
    const driver = aDriver();
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits: { ...limits, loadsPerDevice: 2 }, defaults });
    driver.resolve('a');
    driver.resolve('s');
    driver.loadEnds('a', 't');
    expect([driver.phase('a', 't'), driver.phase('s', 't')]).toEqual(['ready', 'loading']);
  });

  it('makes the copy be described, though one before it was', () => {
    const driver = looksAreHeldBack(aDriver());
    driver.resolve('a');
    serverIn(driver).described.set(A, 'told');
    const { order } = replicaIn(driver) as Loading;
    const actions = driver.tell({ kind: 'LoadEnded', order, replica: ID, outcome: DONE });
    expect(actions).toContainEqual({ kind: 'describe', server: T, model: A });
  });

  it.each(['wrong_mode', 'restricted'] as const)('shows that its server is %s', (cause) => {
    const driver = looksAreHeldBack(aDriver());
    driver.resolve('a');
    driver.loadEnds('a', 't', cause);
    expect(serverIn(driver).mode).toBe(cause);
  });

  it('with another failure says nothing of how its server is run', () => {
    const driver = looksAreHeldBack(aDriver());
    driver.resolve('a');
    driver.loadEnds('a', 't', 'capacity');
    expect(serverIn(driver).mode).toBe('explicit');
  });

  it('without an answer leaves open whether it may still run, with one it does not', () => {
    const open = looksAreHeldBack(aDriver());
    open.resolve('a');
    const orderedAt = open.now;
    open.pass(500);
    open.loadEnds('a', 't', 'unknown');
    expect(replicaIn(open)).toMatchObject({ after: 'load', sight: { shows: 'coming', since: orderedAt } });
    const failed = looksAreHeldBack(aDriver());
    failed.resolve('a');
    failed.loadEnds('a', 't', 'capacity');
    expect(replicaIn(failed)).toMatchObject({ after: 'load_failed', sent: null, sight: UNSEEN });
  });
});

describe('the end of an unload', () => {
  /** Its order was sent, and Triton has not answered yet. */
  function leaving(): CoreDriver {
    const driver = looksAreHeldBack(aDriver().warm('a', 't'));
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.fleet.replicas.set(ID, { ...(replicaIn(driver) as Unloading), answeredAt: null });
    serverIn(driver).lookWanted = null;
    driver.pass(1_000);
    return driver;
  }

  const ends = (driver: CoreDriver, outcome: Outcome, order = (replicaIn(driver) as Unloading).order) =>
    driver.tell({ kind: 'UnloadEnded', order, replica: ID, outcome });

  it('is noted, and makes a look be taken that may end the booking', () => {
    const driver = leaving();
    ends(driver, DONE);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unloading', answeredAt: driver.now });
    expect(serverIn(driver).lookWanted).toBe(driver.now);
  });

  it('without an answer, or with another, leaves open what became of it, and keeps why it was ordered', () => {
    const driver = leaving();
    ends(driver, { kind: 'unknown' });
    expect(replicaIn(driver)).toMatchObject({ phase: 'unknown', after: 'unload', cause: 'admin' });
    expect(replicaIn(driver)).toMatchObject({ sight: UNSEEN, since: driver.now });
  });

  it('is believed only of the order that is open', () => {
    const driver = leaving();
    ends(driver, DONE, 'o99' as OrderId);
    expect(replicaIn(driver)).toMatchObject({ phase: 'unloading', answeredAt: null });
  });

  it('is not believed of a replica that is not being unloaded', () => {
    const driver = aDriver().warm('a', 't');
    ends(driver, { kind: 'unknown' }, 'o1' as OrderId);
    expect(driver.phase('a', 't')).toBe('ready');
  });
});

describe('a config that is learned', () => {
  it('says on which devices a ready copy is, and of no copy that is on its way', () => {
    const driver = looksAreHeldBack(aDriver([10, 10]));
    driver.resolve('a');
    learn(driver, [1]);
    expect(replicaIn(driver).devices).toEqual([0, 1]);
    driver.loadEnds('a', 't');
    learn(driver, [1]);
    expect(replicaIn(driver)).toMatchObject({ devices: [1] });
    expect(replicaIn(driver).bookings).toContainEqual({ account: 'gpu:t/1', bytes: 4 });
  });

  it('of one model says nothing of another', () => {
    const driver = aDriver([10, 10])
      .declare(aModel('s', { config: '{}' }))
      .warm('s', 't')
      .warm('a', 't');
    learn(driver, [1]);
    expect(driver.fleet.replicas.get(replicaId(S, T))!.devices).toEqual([0]);
  });

  it('on an unknown server is forgotten', () => {
    const driver = new CoreDriver();
    learn(driver, [0], [S]);
    expect(driver.fleet.steps.size).toBe(0);
  });

  it('makes ours what an ensemble of ours is made of, and not what a stranger loaded before', () => {
    const driver = new CoreDriver()
      .declare(aModel('a'), aModel('s'), aModel('k'))
      .serve(aServer('t'), ['a', 's', 'k']);
    driver.shelf('t').set('k', 'READY');
    driver.pass(11_000);
    driver.warm('a', 't');
    learn(driver, [], [S, aModel('k').id]);
    expect([...serverIn(driver).ordered].toSorted()).toEqual(['a', 's']);
    expect([...driver.fleet.composed]).toEqual(['a']);
  });

  it("makes a stranger's ensemble no more ours than it was", () => {
    const driver = aDriver();
    driver.shelf('t').set('a', 'READY');
    driver.pass(11_000);
    learn(driver, [], [S]);
    expect(serverIn(driver).ordered.size).toBe(0);
  });
});
