import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { Fleet, FleetFacts } from '../index.js';
import { copyFleet } from './copy-fleet.js';

/** A fleet in which as much as possible is known: something ready, loading, waiting, pinned, and a failure. */
function busy(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a'), aModel('b', { pinnedCopies: 1 }), aModel('c'), aModel('d', { gpuBytes: 9 }))
    .serve(aServer('s', [10, 10]), ['b', 'd'])
    .serve(aServer('t', [10]), ['a', 'c']);
  driver.loadEnds('b', 's');
  driver.warm('a', 't');
  driver.resolve('c');
  driver.loadEnds('c', 't', 'transient');
  driver.resolve('d');
  return driver;
}

const factsOf = ({ index: _, ...facts }: Fleet): FleetFacts => facts;

/** Every object, map, set and list in a value. */
function thingsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  const inner =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const one of inner as unknown[]) thingsIn(one, found);
  return found;
}

describe('the copy of a fleet', () => {
  it('knows the same', () => {
    const { fleet } = busy();
    expect(factsOf(copyFleet(fleet))).toEqual(factsOf(fleet));
    expect(fleet.replicas.size).toBeGreaterThan(2);
  });

  it('shares nothing but models and the names in repositories, which are never changed', () => {
    const { fleet } = busy();
    const originals = thingsIn(fleet);
    for (const model of thingsIn([...fleet.models.values()])) originals.delete(model);
    for (const { repository, versioned } of fleet.servers.values()) {
      originals.delete(repository);
      originals.delete(versioned);
    }
    expect([...thingsIn(copyFleet(fleet))].filter((one) => originals.has(one))).toEqual([]);
  });
});
