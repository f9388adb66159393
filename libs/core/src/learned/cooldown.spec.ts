import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { aModel, aServer } from '../../../../test/support/core-driver.js';
import { emptyFleet, type Fleet } from '../fleet/fleet.js';
import { type ModelId, replicaId, type ServerId } from '../fleet/ids.js';
import type { FailureCause } from '../fleet/replica.js';
import { coolDown, forgetFailures, warmUp } from './cooldown.js';
import { declareServer } from '../observe/servers.js';

const residence = (model: string, server: string) => ({
  id: replicaId(model as ModelId, server as ServerId),
  model: model as ModelId,
  server: server as ServerId,
});

const aFleet = (...servers: string[]): Fleet => {
  const fleet = emptyFleet();
  for (const server of servers)
    declareServer(fleet, { kind: 'ServerDeclared', server: aServer(server, [10]) });
  return fleet;
};

/** So many failures of one model on one server, each when the one before has been waited out; how long the last is. */
function waitAfter(model: string, failures: number, cause: FailureCause): number {
  const fleet = aFleet('s');
  let now = 1_000;
  let until = now;
  for (let nth = 0; nth < failures; nth++) {
    now = until;
    coolDown(fleet, residence(model, 's'), cause, new Now(now));
    until = fleet.cooldowns.get(residence(model, 's').id)!.until;
  }
  return until - now;
}

const waits = (failures: number, cause: FailureCause): number[] =>
  Array.from({ length: 400 }, (_, nth) => waitAfter(`m${nth}`, failures, cause));

const A = aModel('a').id;
const breakerOf = ({ breakers }: Fleet) => breakers.get(A);

describe('the wait after a failed load', () => {
  it.each([
    ['transient', 1, 500, 1_000],
    ['transient', 3, 500, 4_000],
    ['capacity', 5, 500, 16_000],
    ['capacity', 30, 500, 60_000],
    ['configuration', 1, 5_000, 10_000],
    ['missing', 2, 5_000, 20_000],
    ['missing', 30, 5_000, 300_000],
  ] as const)('of cause %s, the %i. in a row, is anywhere from %i ms to %i', (cause, nth, least, most) => {
    const drawn = waits(nth, cause);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(least);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(most);
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    expect(Math.abs(mean - (least + most) / 2)).toBeLessThan(0.05 * (most - least));
    expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(0.9 * (most - least));
  });
});

describe('the breaker of a model', () => {
  it('opens with the third failure in a row on one server, and not before', () => {
    const fleet = aFleet('s', 't');
    for (const server of ['s', 't', 's', 't'])
      coolDown(fleet, residence('a', server), 'transient', new Now(1_000));
    expect(breakerOf(fleet)).toBeUndefined();
    coolDown(fleet, residence('a', 't'), 'capacity', new Now(2_000));
    expect(breakerOf(fleet)).toMatchObject({ failures: 3, cause: 'capacity' });
    expect(breakerOf(fleet)!.until).toBeGreaterThanOrEqual(2_500);
    expect(breakerOf(fleet)!.until).toBeLessThanOrEqual(6_000);
  });

  it('opens with the third failure anywhere, where the cause is its own', () => {
    const fleet = aFleet('s', 't', 'u');
    for (const server of ['s', 't']) coolDown(fleet, residence('a', server), 'missing', new Now(1_000));
    expect(breakerOf(fleet)).toBeUndefined();
    coolDown(fleet, residence('a', 'u'), 'configuration', new Now(1_000));
    expect(breakerOf(fleet)).toMatchObject({ failures: 3, cause: 'configuration' });
  });

  it('opens for longer with each failure that follows, on whatever server', () => {
    const fleet = aFleet('s', 't');
    for (let nth = 0; nth < 3; nth++) coolDown(fleet, residence('a', 's'), 'transient', new Now(1_000));
    for (let nth = 4; nth <= 12; nth++) {
      coolDown(fleet, residence('a', 't'), 'transient', new Now(1_000 * nth));
      expect(breakerOf(fleet)!.failures).toBe(nth);
    }
  });

  it('leaves other models alone', () => {
    const fleet = aFleet('s');
    for (let nth = 0; nth < 3; nth++) coolDown(fleet, residence('b', 's'), 'transient', new Now(1_000));
    expect([...fleet.breakers.keys()]).toEqual(['b']);
    expect(breakerOf(fleet)).toBeUndefined();
  });

  it('does not open for a refusal that meets every model', () => {
    const fleet = aFleet('s');
    for (let nth = 0; nth < 4; nth++) coolDown(fleet, residence('a', 's'), 'restricted', new Now(1_000));
    for (let nth = 0; nth < 4; nth++) coolDown(fleet, residence('a', 's'), 'wrong_mode', new Now(1_000));
    expect(breakerOf(fleet)).toBeUndefined();
  });

  it('closes with the first success anywhere, which leaves other servers their back-off', () => {
    const fleet = aFleet('s', 't');
    for (let nth = 0; nth < 3; nth++) coolDown(fleet, residence('a', 's'), 'transient', new Now(1_000));
    warmUp(fleet, residence('a', 't'));
    expect(breakerOf(fleet)).toBeUndefined();
    expect([...fleet.cooldowns.keys()]).toEqual(['a@s']);
  });

  it('closes when past failures are to be forgotten', () => {
    const fleet = aFleet('s');
    for (let nth = 0; nth < 3; nth++) coolDown(fleet, residence('a', 's'), 'transient', new Now(1_000));
    forgetFailures(fleet, A);
    expect([fleet.breakers.size, fleet.cooldowns.size]).toEqual([0, 0]);
  });
});
