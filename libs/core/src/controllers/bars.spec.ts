import { describe, expect, it } from '@jest/globals';
import type { Event, Model, ModelId } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { modelsBarred } from './bars.js';

const A = 'a' as ModelId;

/** A model with a copy on one of three servers. */
const aDriver = (parts: Partial<Model>): CoreDriver => {
  const driver = new CoreDriver().declare(aModel('a', parts));
  for (const server of ['s', 't', 'u']) driver.serve(aServer(server), ['a', 'top']);
  return driver.warm('a', 's');
};

const measured = (driver: CoreDriver): CoreDriver => {
  driver.fleet.limitViolations.set(A, { bytes: 2 * 2 ** 30, at: driver.now, isOverridden: false });
  return driver;
};

/** Two copies fail, one after the other. */
function failing(driver: CoreDriver): CoreDriver {
  for (const server of ['s', 't']) {
    if (driver.isLoading('a', server)) driver.loadEnds('a', server);
    for (const failed of [1, 5]) {
      driver.shelf(server).served.set(A, { succeeded: 0, failed, lastInference: failed });
      driver.pass(2_000);
    }
  }
  return driver;
}

const barred = (by: 'over_limit' | 'failing' | null): Event[] => [{ kind: 'ModelBarred', model: A, by }];

describe('the controller of what is barred', () => {
  it('tells nothing of what may be loaded, nor anything twice', () => {
    const driver = aDriver({ onLimitExceeded: 'quarantine' });
    expect(modelsBarred(driver.fleet)).toEqual([]);
    measured(driver);
    expect(modelsBarred(driver.fleet)).toEqual(barred('over_limit'));
    expect(modelsBarred(driver.fleet)).toEqual(barred('over_limit'));
    driver.tell();
    expect([driver.fleet.barred.get(A), modelsBarred(driver.fleet)]).toEqual(['over_limit', []]);
  });

  it('tells it before the turn that hears of it: nothing is loaded in that turn', () => {
    const driver = aDriver({ onLimitExceeded: 'quarantine' });
    driver.tell({ kind: 'UnloadOrdered', model: A, force: true });
    const request = measured(driver).resolve('a');
    expect([driver.answerTo(request), driver.orders()]).toEqual(['load_failed', ['load a@s', 'unload a@s']]);
  });

  it.each(['warn', 'unload'] as const)('bars nothing above its limit where the policy is %s', (policy) => {
    const driver = measured(aDriver({ onLimitExceeded: policy }));
    expect(modelsBarred(driver.fleet)).toEqual([]);
  });

  it('bars a model of which two copies fail, until one succeeds', () => {
    const driver = failing(aDriver({ onFailing: 'replace' }));
    expect(driver.fleet.barred.get(A)).toBe('failing');
    driver.shelf('t').served.set(A, { succeeded: 1, failed: 5, lastInference: 6 });
    driver.pass(2_000);
    expect(driver.fleet.barred.size).toBe(0);
  });

  it('bars a model that fails and takes too much for its size; while it is pinned for failing alone', () => {
    const policies = { onFailing: 'replace', onLimitExceeded: 'quarantine' } as const;
    const driver = measured(failing(aDriver(policies)));
    expect(modelsBarred(driver.fleet)).toEqual(barred('over_limit'));
    driver.fleet.models.set(A, { ...driver.fleet.models.get(A)!, pinnedCopies: 1 });
    expect(modelsBarred(driver.fleet)).toEqual([]);
  });

  it('forgets a model that was withdrawn', () => {
    const driver = measured(aDriver({ onLimitExceeded: 'quarantine' }));
    driver.tell();
    driver.tell({ kind: 'ModelWithdrawn', model: A });
    expect(driver.fleet.barred.size).toBe(0);
  });
});
