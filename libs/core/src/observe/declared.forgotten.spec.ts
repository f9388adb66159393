import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Fleet } from '../fleet/fleet.js';
import { replicaId } from '../fleet/ids.js';

const A = aModel('a').id;
const T = aServer('t').id;

/** What is known of the model, by name. */
const known = ({ footprints, steps, servers, usualLeases }: Fleet) => ({
  lease: usualLeases.get(A),
  footprint: footprints.get(A),
  steps: steps.get(A),
  config: servers.get(T)!.configs.get(A)?.json,
  isDescribed: servers.get(T)!.described.has(A),
});

const NOTHING = {
  lease: undefined,
  footprint: undefined,
  steps: undefined,
  config: undefined,
  isDescribed: false,
};

/** A model that serves, of which all was learned; no other model was declared. */
function aDriver(): CoreDriver {
  const spec = { ...aServer('t', [20]), discover: false };
  const driver = new CoreDriver().declare(aModel('a', { idleUnload: null })).serve(spec, ['a']);
  driver.warm('a', 't');
  driver.tell({ kind: 'FootprintRemembered', model: A, footprint: { peak: 9, times: 1, latest: [0, 9] } });
  const config = { json: '{}', kind: 'gpu', gpus: [], count: 1 } as const;
  driver.tell({ kind: 'ConfigLearned', server: T, model: A, config, steps: [] });
  const [replica, at] = [replicaId(A, T), driver.now];
  driver.tell({ kind: 'RoutesUsed', uses: [{ replica, at, inUseUntil: at + 5_000, routes: 1 }] });
  return driver;
}

describe('what was learned of a model', () => {
  it('is kept while a copy of it is booked by that, though it was withdrawn', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    const { limits, defaults } = driver.fleet;
    driver.tell({ kind: 'LimitsSet', limits, defaults });
    const [replica] = driver.fleet.replicas.values();
    expect(replica).toMatchObject({ model: A, bookings: [{ bytes: 9 }, {}] });
  });

  it('goes with it where there is none', () => {
    const driver = aDriver();
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    driver.pass(10_000);
    expect(known(driver.fleet)).toMatchObject({ footprint: { peak: 9 }, config: '{}', isDescribed: true });
    expect(known(driver.fleet).lease).toBeGreaterThan(0);
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    expect(known(driver.fleet)).toEqual(NOTHING);
  });

  it('goes with the last copy of a model that was withdrawn before', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    driver.pass(60_000);
    expect(driver.fleet.replicas.size).toBe(0);
    expect(known(driver.fleet)).toEqual(NOTHING);
  });

  it('is not learned anew of a copy that is still used', () => {
    const driver = aDriver();
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    const [replica, at] = [replicaId(A, T), driver.now];
    driver.tell({ kind: 'RoutesUsed', uses: [{ replica, at, inUseUntil: at, routes: 1 }] });
    expect(known(driver.fleet).lease).toBeUndefined();
  });
});
