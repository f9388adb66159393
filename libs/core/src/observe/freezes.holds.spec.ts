import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ActionOf } from '../fleet/actions.js';
import { replicaId, type ModelId, type OrderId } from '../fleet/ids.js';
import { decide } from '../../../../test/support/decide.js';

const A = 'a' as ModelId;

describe('a fleet whose orders are held', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    const idle = { gpuBytes: 6, idleUnload: 10_000 };
    driver.declare(aModel('a', idle), aModel('b', idle)).serve(aServer('s', [10]), ['a', 'b']);
  });

  const hold = (isHeld: boolean) => driver.tell({ kind: 'OrdersHeld', isHeld });

  it('gives routes, and lets nothing go', () => {
    driver.warm('a', 's');
    hold(true);
    driver.pass(60_000);
    expect([driver.answerTo(driver.resolve('a')), driver.phase('a', 's')]).toEqual(['s', 'ready']);
    driver.pass(20_000);
    hold(false);
    driver.pass(2_000);
    expect(driver.phase('a', 's')).toBeUndefined();
  });

  it('loads nothing, and tells a request whose time is over that there is no leader', () => {
    hold(true);
    const cold = driver.resolve('a', { wait: 5_000 });
    driver.pass(5_000);
    expect(driver.refusalOf(cold)).toEqual({ reason: 'no_leader', retryAfter: 1_000 });
    expect(driver.orders()).toEqual([]);
    const later = driver.resolve('a');
    hold(false);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(later)).toBe('s');
  });

  it('says how far a load has come that was under way before', () => {
    const request = driver.resolve('a', { wait: 5_000 });
    hold(true);
    driver.pass(5_000);
    expect(driver.refusalOf(request)).toMatchObject({ reason: 'loading', phase: 'loading' });
    expect(driver.refusalOf(request)).not.toHaveProperty('detail');
  });

  it('breaks a promise by what ends terms, and not by a fault', () => {
    driver.loadsTake('a', 1_000);
    driver.resolve('b');
    const promised = driver.resolve('a', { wait: 60_000 });
    driver.loadEnds('b', 's');
    hold(true);
    driver.pass(60_000);
    const refused = driver.answers.get(promised)![0];
    expect(refused).toMatchObject({ refusal: { reason: 'no_leader' } });
    expect(refused).not.toMatchObject({ broken: 'unknown' });
  });

  it('keeps what an admin ordered for as long as it was held or frozen, once for both', () => {
    driver.warm('b', 's');
    driver.tell({ kind: 'UnloadOrdered', model: 'b' as ModelId, force: true });
    driver.pass(5_000);
    driver.tell({ kind: 'FreezeOrdered', reason: 'audit', since: driver.now });
    const until = driver.now + 60_000;
    driver.tell({ kind: 'LoadOrdered', model: A, until });
    driver.pass(10_000);
    hold(true);
    driver.pass(10_000);
    driver.tell({ kind: 'FreezeEnded' });
    driver.pass(10_000);
    expect(driver.fleet.bestEffort.get(A)!.until).toBe(until);
    hold(false);
    expect(driver.fleet.bestEffort.get(A)!.until).toBe(until + 30_000);
    expect(driver.orders().at(-1)).toBe('load a@s');
  });

  it('puts off the unload that an admin orders', () => {
    driver.warm('a', 's');
    hold(true);
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(60_000);
    expect(driver.phase('a', 's')).toBe('ready');
    hold(false);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('orders nothing where the mode is not known yet, and has it found out once that is over', () => {
    hold(true);
    driver.fleet.servers.get(aServer('s').id)!.mode = null;
    driver.resolve('a');
    driver.pass(100);
    const actions = decide(driver.fleet, [{ kind: 'OrdersHeld', isHeld: false }], driver.now);
    expect(actions).toEqual([{ kind: 'look', server: 's', scope: 'full', probeMode: true }]);
    const look = driver.shelf('s').look(driver.now, 'full', true);
    driver.tell({ kind: 'Looked', server: aServer('s').id, look });
    expect(driver.orders()).toEqual(['load a@s']);
  });

  it('has the place again of a load that was never sent, and no cooldown', () => {
    const request = driver.resolve('a');
    const { order } = driver.log.find(({ kind }) => kind === 'load') as { order: OrderId };
    const replica = replicaId(A, aServer('s').id);
    hold(true);
    driver.tell({ kind: 'LoadEnded', order, replica, outcome: { kind: 'unsent' } });
    expect([driver.phase('a', 's'), driver.fleet.cooldowns.size]).toEqual(['placed', 0]);
    driver.pass(5_000);
    hold(false);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(request)).toBe('s');
  });

  it('drains on what an unload was never sent to', () => {
    driver.warm('a', 's');
    const [unload] = decide(driver.fleet, [{ kind: 'UnloadOrdered', model: A, force: true }], driver.now);
    const { order, replica } = unload as ActionOf<'unload'>;
    driver.tell(
      { kind: 'OrdersHeld', isHeld: true },
      { kind: 'UnloadEnded', order, replica, outcome: { kind: 'unsent' } },
    );
    driver.pass(60_000);
    expect([driver.phase('a', 's'), driver.orders()]).toEqual(['draining', ['load a@s']]);
    hold(false);
    expect(driver.orders().at(-1)).toBe('unload a@s');
  });

  it('keeps the place and the cause of what an admin ordered, where its load was never sent', () => {
    const gpus = aServer('t', [10, 10]);
    driver.declare(aModel('c', { config: '{}' })).serve(gpus, ['c']);
    const [load] = decide(
      driver.fleet,
      [{ kind: 'LoadOrdered', model: 'c' as ModelId, until: 1e6 }],
      driver.now,
    );
    const { order, replica } = load as ActionOf<'load'>;
    const told = { kind: 'LoadEnded', order, replica, outcome: { kind: 'unsent' } } as const;
    decide(driver.fleet, [{ kind: 'OrdersHeld', isHeld: true }, told], driver.now);
    expect(driver.fleet.replicas.get(replica)).toMatchObject({ phase: 'placed', cause: 'order' });
  });
});

describe('a fleet whose loads the store does not take', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    const idle = { gpuBytes: 6, idleUnload: 10_000 };
    driver.declare(aModel('a', idle), aModel('b', idle)).serve(aServer('s', [10]), ['a', 'b']);
  });

  const hold = (isHeld: boolean) => driver.tell({ kind: 'LoadsHeld', isHeld });

  it('gives routes, unloads what is idle, and evicts nothing for a load that cannot be ordered', () => {
    driver.warm('a', 's');
    hold(true);
    expect(driver.answerTo(driver.resolve('a'))).toBe('s');
    driver.resolve('b', { wait: 8_000 });
    driver.pass(5_000);
    expect(driver.phase('a', 's')).toBe('ready');
    driver.pass(30_000);
    expect([driver.phase('a', 's'), driver.orders().at(-1)]).toEqual([undefined, 'unload a@s']);
  });

  it('loads nothing, says so to requests whose time is over, and goes on once the store takes loads', () => {
    hold(true);
    const now = driver.resolve('a', { wait: 0 });
    const later = driver.resolve('a', { wait: 5_000 });
    const last = driver.resolve('a');
    driver.pass(5_000);
    for (const one of [now, later])
      expect(driver.refusalOf(one)).toEqual({ reason: 'store_unavailable', retryAfter: 1_000 });
    expect(driver.orders()).toEqual([]);
    hold(false);
    driver.loadEnds('a', 's');
    expect(driver.answerTo(last)).toBe('s');
  });

  it('keeps the place of a load that the store did not take, and its server none the worse', () => {
    driver.resolve('a');
    const { order } = driver.log.find(({ kind }) => kind === 'load') as { order: OrderId };
    const told = { kind: 'LoadEnded', order, replica: replicaId(A, aServer('s').id) } as const;
    driver.tell({ kind: 'LoadsHeld', isHeld: true }, { ...told, outcome: { kind: 'unsent' } });
    driver.pass(5_000);
    expect([driver.phase('a', 's'), driver.fleet.cooldowns.size, driver.fleet.breakers.size]).toEqual([
      'placed',
      0,
      0,
    ]);
    expect(driver.orders()).toEqual(['load a@s']);
    hold(false);
    expect(driver.orders()).toEqual(['load a@s', 'load a@s']);
  });

  it('keeps a copy that is to be loaded anew until it can be', () => {
    driver.warm('a', 's');
    hold(true);
    driver.tell({ kind: 'ReloadOrdered', model: A, until: driver.now + 60_000 });
    driver.resolve('a');
    driver.pass(5_000);
    expect(driver.phase('a', 's')).toBe('ready');
    hold(false);
    driver.pass(11_000);
    expect(driver.orders().slice(-2)).toEqual(['unload a@s', 'load a@s']);
  });
});
