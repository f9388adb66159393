import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { holds } from '../../../../test/support/core-histories.js';
import type { Fleet, FleetFacts } from '../index.js';
import { copyFleet } from './copy-fleet.js';
import { decide, wakeOf } from '../../../../test/support/decide.js';

/** A fleet in which as much as possible is known: something ready, loading, waiting, pinned, and a failure. */
function busy(): CoreDriver {
  const driver = new CoreDriver()
    .declare(aModel('a'), aModel('b', { pinnedCopies: 1 }), aModel('c'), aModel('d', { gpuBytes: 9 }))
    .serve(aServer('s', [10, 10]), ['b', 'd'])
    .serve(aServer('t', [10]), ['a', 'c'], [{ uuid: 't-0', memory: 10, used: 0 }]);
  driver.loadEnds('b', 's');
  driver.warm('a', 't');
  driver.resolve('c');
  driver.loadEnds('c', 't', 'transient');
  driver.resolve('d');
  return driver;
}

const factsOf = ({ index: _, rerouted: __, now: ___, ...facts }: Fleet): FleetFacts => facts;

const wordsOf = (fleet: Fleet): string =>
  JSON.stringify(factsOf(fleet), (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...(value as Iterable<unknown>)] : value,
  );

describe('the copy of a fleet', () => {
  it('knows the same', () => {
    const { fleet } = busy();
    expect(factsOf(copyFleet(fleet))).toEqual(factsOf(fleet));
    expect(fleet.replicas.size).toBeGreaterThan(2);
  });

  it('does not show in its original what is done to it', () => {
    const driver = busy();
    const { fleet, now } = driver;
    const before = structuredClone(factsOf(fleet));
    const copy = copyFleet(fleet);
    for (const { id } of fleet.models.values())
      decide(copy, [{ kind: 'UnloadOrdered', model: id, force: true }], now);
    for (const server of fleet.servers.keys()) {
      const look = driver.shelf(server).look(now + 1_000, 'full', false);
      decide(copy, [{ kind: 'Looked', server, look }], now + 1_000);
      decide(copy, [{ kind: 'DrainOrdered', server, deadline: null }], now + 1_000);
    }
    expect(factsOf(copy)).not.toEqual(before);
    expect(factsOf(fleet)).toEqual(before);
  });

  it('does not show it in anything that may happen', () => {
    holds((fleet, now) => {
      const before = wordsOf(fleet);
      const copy = copyFleet(fleet);
      for (let later = now, turns = 0; turns < 3; turns += 1) {
        decide(copy, [], later);
        later = Math.min(wakeOf(copy, later), later + 60_000);
      }
      return wordsOf(fleet) === before;
    });
  });
});
