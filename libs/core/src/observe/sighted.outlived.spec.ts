import { Now, routeRow } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { decide } from '../../../../test/support/decide.js';
import { serverFlags } from '../explain/view.js';
import { whyHere } from '../explain/why-here.js';
import { replicaId, type ServerId } from '../fleet/ids.js';
import type { Shelf } from '../../../../test/support/shelf.js';

const [E, V, X] = [aModel('e').id, aModel('v').id, aModel('x').id];
const CONFIG = { json: '{}', kind: 'gpu', gpus: [], count: 1 } as const;
const T = 't' as ServerId;
const MINUTE = 60_000;

/** A model that serves, which is an ensemble of `v` where it is `e`; strangers there are treated like any other model. */
function serving(model = E): { driver: CoreDriver; shelf: Shelf } {
  const driver = new CoreDriver();
  driver.declare(aModel('e', { idleUnload: 2 * MINUTE }), aModel('v'), aModel('x'));
  driver.tell({ kind: 'StepsRemembered', model: E, steps: [V] });
  driver.serve(aServer('t', [10], { strangers: 'adopt' }), ['e', 'v', 'x']).warm(model, 't');
  for (const [id, steps] of [
    [E, [V]],
    [V, []],
    [X, []],
  ] as const)
    driver.tell({ kind: 'ConfigLearned', server: T, model: id, config: CONFIG, steps });
  driver.pass(40_000);
  return { driver, shelf: driver.shelf('t') };
}

/** Unloads it; that is acknowledged, and each look from then on shows it in this state. */
function unloaded(state: 'READY' | 'LOADING' | 'UNAVAILABLE', model = E) {
  const { driver, shelf } = serving(model);
  const set = shelf.set.bind(shelf);
  shelf.set = (one) => set(one, state);
  driver.tell({ kind: 'UnloadOrdered', model, force: true });
  driver.pass(10_000);
  expect(driver.orders().at(-1)).toBe(`unload ${model}@t`);
  shelf.set = set;
  return { driver, shelf };
}

const flagsIn = ({ fleet, now }: CoreDriver) => serverFlags(fleet, fleet.servers.get(T)!, new Now(now));
const holdsIn = ({ fleet, now }: CoreDriver) =>
  whyHere(fleet, E, new Now(now)).flatMap(({ holds }) => holds.map(({ kind }) => kind));

describe('an ensemble that serves after its unload was acknowledged', () => {
  const outlived = () => unloaded('READY');

  it('stays booked, is flagged, and explained', () => {
    const { driver } = outlived();
    expect(driver.phase('e', 't')).toBe('ready');
    expect(holdsIn(driver)).toContain('outlived');
    driver.pass(2 * driver.fleet.limits.stuckAfter);
    expect(flagsIn(driver)).toEqual(['hidden_copy']);
  });

  it('has routes while all that it is made of serves on its server', () => {
    const { driver, shelf } = outlived();
    const isRouted = () => routeRow(driver.fleet, replicaId(E, T)) !== undefined;
    expect(isRouted()).toBe(true);
    shelf.set('v', 'UNAVAILABLE', 'unloaded');
    driver.pass(MINUTE);
    expect([driver.phase('e', 't'), driver.phase('v', 't'), isRouted()]).toEqual(['ready', undefined, false]);
    shelf.set('v', 'READY');
    driver.pass(MINUTE);
    expect(isRouted()).toBe(true);
  });

  it('is among the rerouted with a step that goes: watchers hear of it', () => {
    const { driver, shelf } = outlived();
    shelf.set('v', 'UNAVAILABLE', 'unloaded');
    decide(
      driver.fleet,
      [{ kind: 'Looked', server: T, look: shelf.look(driver.now, 'full', false) }],
      driver.now,
    );
    expect([...driver.fleet.rerouted]).toContain(replicaId(E, T));
  });

  it('counts for nothing while a step is away: it is loaded elsewhere, and the copy there stays', () => {
    const { driver, shelf } = outlived();
    driver.serve(aServer('u', [10], { strangers: 'adopt' }), ['e', 'v']).pass(MINUTE);
    shelf.set('v', 'UNAVAILABLE', 'unloaded');
    driver.pass(MINUTE);
    driver.resolve('e');
    expect(driver.orders().at(-1)).toBe('load e@u');
    driver.loadEnds('e', 'u');
    driver.declare(aModel('e', { idleUnload: MINUTE, minCopies: 1 })).pass(10 * MINUTE);
    expect(driver.phase('e', 'u')).toBe('ready');
  });

  it('is ordered nothing any more: by idleness, an admin, a reload, a change of its declaration or a drain', () => {
    const { driver } = outlived();
    const before = driver.orders();
    driver.pass(10 * MINUTE);
    driver.tell({ kind: 'UnloadOrdered', model: E, force: true });
    driver.pass(MINUTE);
    driver.tell({ kind: 'ReloadOrdered', model: E, until: driver.now + MINUTE });
    driver.pass(MINUTE);
    driver.declare(aModel('e', { gpuBytes: 2, enabled: false })).pass(MINUTE);
    driver.tell({ kind: 'DrainOrdered', server: T, deadline: driver.now + 1_000 });
    driver.pass(10 * MINUTE);
    expect(driver.phase('e', 't')).toBe('ready');
    expect(driver.orders()).toEqual(before);
  });

  it('ends by another load and unload of it', () => {
    const { driver, shelf } = outlived();
    shelf.set('e', 'UNAVAILABLE', 'unloaded');
    driver.pass(MINUTE);
    expect([driver.phase('e', 't'), holdsIn(driver)]).toEqual([undefined, []]);
  });

  it('ends with its process', () => {
    const { driver, shelf } = outlived();
    for (const fact of ['ended', 'refused'] as const)
      driver.tell({ kind: 'ContactChanged', server: T, fact });
    for (const model of ['e', 'v', 'x']) shelf.set(model, '');
    driver.tell({ kind: 'ContactChanged', server: T, fact: 'connected' });
    driver.pass(MINUTE);
    expect([driver.phase('e', 't'), flagsIn(driver)]).toEqual([undefined, []]);
  });
});

describe('what has not outlived its unload', () => {
  it('is what a look showed that was asked before the acknowledgement', () => {
    const { driver, shelf } = serving();
    const early = shelf.look(driver.now, 'full', false);
    driver.now += 100;
    driver.unloadsEnd = false;
    driver.tell({ kind: 'UnloadOrdered', model: E, force: true });
    driver.tell({ kind: 'Looked', server: T, look: early });
    expect(driver.phase('e', 't')).toBe('unloading');
  });

  it.each(['LOADING', 'UNAVAILABLE'] as const)(
    'is what was %s in between: another client loaded it',
    (first) => {
      const { driver, shelf } = unloaded(first);
      shelf.set('e', 'READY');
      driver.pass(20_000);
      expect(driver.fleet.replicas.get(replicaId(E, T))).toMatchObject({ phase: 'ready', outlived: false });
      expect(holdsIn(driver)).not.toContain('outlived');
    },
  );

  it('is a model that is no ensemble: another client loaded it', () => {
    const { driver } = unloaded('READY', X);
    expect(driver.fleet.replicas.get(replicaId(X, T))).toMatchObject({ outlived: false });
  });
});

describe('a server that loads its models by itself', () => {
  it('has let go of a model whose row has vanished once two looks miss it', () => {
    const driver = new CoreDriver().declare(aModel('m')).serve(aServer('t', [10]), []);
    driver.looksEnd = false;
    const see = (): void => {
      driver.now += 10_000;
      const look = { ...driver.shelf('t').look(driver.now, 'full', false), mode: 'wrong_mode' as const };
      driver.tell({ kind: 'Looked', server: T, look });
    };
    driver.shelf('t').set('m', 'READY');
    see();
    expect(driver.phase('m', 't')).toBe('ready');
    driver.shelf('t').states.clear();
    see();
    expect(driver.phase('m', 't')).toBe('unknown');
    see();
    expect(driver.phase('m', 't')).toBeUndefined();
  });
});
