import { describe, expect, it } from '@jest/globals';
import type { Event, Replica } from '#core';
import { aModel, aServer, CoreDriver } from '../../../test/support/core-driver.js';
import { Trail } from '../trail.js';
import { SameServers } from './same-servers.js';

const T = aServer('t').id;
const UNLOAD: Event = { kind: 'UnloadOrdered', model: aModel('a').id, force: false };
const DRAIN: Event = { kind: 'DrainOrdered', server: T, deadline: 1_000_000 };
const CHANGED: readonly Event[] = [
  { kind: 'ServerDeclared', server: aServer('t') },
  { kind: 'ContactChanged', server: T, fact: 'closed' },
];

/** What is found where a change is told by these events to a server that has a copy under a lease, and something is lost with it. */
function failureOf(
  before: readonly Event[],
  change: readonly Event[],
  lose: (replica: Replica) => void = () => undefined,
): string | undefined {
  const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
  driver.tell(...before);
  const trail = new Trail(() => driver.now, false);
  const checker = new SameServers(trail);
  checker.expect(T, driver.fleet);
  driver.tell(...change);
  for (const replica of driver.fleet.replicas.values()) lose(replica);
  checker.turnTaken({ events: change, actions: [], now: driver.now, took: 0 }, driver.fleet);
  return trail.failure;
}

describe('what is known of a server that is reached otherwise', () => {
  it.each([[[]], [[UNLOAD]], [[DRAIN]]])('stays, whatever it was: %j', (before: readonly Event[]) => {
    expect(failureOf(before, CHANGED)).toBeUndefined();
  });

  it('is missed where the server is forgotten and declared anew', () => {
    const forgotten: readonly Event[] = [{ kind: 'ServerWithdrawn', server: T }, CHANGED[0]!];
    expect(failureOf([DRAIN], forgotten)).toMatch(/its drain is forgotten/);
    expect(failureOf([], forgotten)).toMatch(/taken for another one/);
  });

  it('is missed where only a copy is no longer ours, or only an order is lost', () => {
    const becomesStrange = (replica: Replica): void => void Object.assign(replica, { stranger: true });
    expect(failureOf([], CHANGED, becomesStrange)).toMatch(/a@t is no longer ours/);
    const leavesForNobody = (replica: Replica): void => void Object.assign(replica, { cause: 'idle' });
    expect(failureOf([UNLOAD], CHANGED, leavesForNobody)).toMatch(/what was ordered of a is forgotten/);
  });
});
