import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Event } from './events.js';
import type { ModelId } from './ids.js';
import { decide } from '../../../../test/support/decide.js';

const A = 'a' as ModelId;

describe('a turn in which a route changes', () => {
  let driver: CoreDriver;

  beforeEach(() => {
    driver = new CoreDriver();
    driver
      .declare(aModel('a'))
      .serve(aServer('s', [10, 10]), ['a'])
      .warm('a', 's');
    driver.pass(3_000);
  });

  /** What one turn says of routes. */
  const told = (...events: Event[]) => {
    const { routesRevision } = driver.fleet;
    decide(driver.fleet, events, driver.now);
    return { rises: driver.fleet.routesRevision > routesRevision, rerouted: [...driver.fleet.rerouted] };
  };
  const look = (): Event => ({
    kind: 'Looked',
    server: aServer('s').id,
    look: driver.shelf('s').look((driver.now += 1), 'full', true),
  });
  const changed = { rises: true, rerouted: ['a@s'] };

  it('says so of other versions', () => {
    driver.shelf('s').versions.set(A, ['1', '2']);
    expect(told(look())).toEqual(changed);
    expect(told(look())).toEqual({ rises: false, rerouted: [] });
  });

  it('says so of other devices', () => {
    const config = { json: '{}', kind: 'gpu', gpus: [1], count: 1 } as const;
    expect(told({ kind: 'ConfigLearned', server: aServer('s').id, model: A, config, steps: [] })).toEqual(
      changed,
    );
  });

  it('says so where a copy turns out to be failing', () => {
    const counts = (failed: number) =>
      driver.shelf('s').served.set(A, { succeeded: 1, failed, lastInference: failed });
    counts(0);
    told(look());
    counts(3);
    expect(told(look())).toEqual(changed);
  });

  it('says so where its model is disabled, and where it is enabled again', () => {
    driver.fleet.held = true;
    expect(told({ kind: 'ModelDeclared', model: aModel('a', { enabled: false }) })).toEqual(changed);
    expect(told({ kind: 'ModelDeclared', model: aModel('a', { enabled: true }) })).toEqual(changed);
    expect(told({ kind: 'ModelDeclared', model: aModel('a', { minResidency: 3 }) }).rerouted).toEqual([]);
  });

  it('says so where a drain ends the leases on it, and where it does no more', () => {
    driver.fleet.held = true;
    const server = aServer('s').id;
    expect(told({ kind: 'DrainOrdered', server, deadline: null }).rerouted).toEqual([]);
    expect(told({ kind: 'DrainOrdered', server, deadline: 1e6 })).toEqual(changed);
    expect(told({ kind: 'DrainEnded', server })).toEqual(changed);
  });

  it('says so where its server is out of reach', () => {
    expect(told({ kind: 'ContactChanged', server: aServer('s').id, fact: 'ended' })).toEqual(changed);
  });

  it('says nothing of its use', () => {
    const use = { replica: [...driver.fleet.replicas.keys()][0]!, at: 5, inUseUntil: 40, routes: 3 };
    expect(told({ kind: 'RoutesUsed', uses: [use] })).toEqual({ rises: false, rerouted: [] });
  });
});
