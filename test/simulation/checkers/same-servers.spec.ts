import { describe, expect, it } from '@jest/globals';
import type { Event, Fleet } from '#core';
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
  lose: (fleet: Fleet) => void = () => undefined,
): string | undefined {
  const driver = new CoreDriver().declare(aModel('a')).serve(aServer('t'), ['a']).warm('a', 't');
  driver.tell(...before);
  const trail = new Trail(() => driver.now, false);
  const checker = new SameServers(trail);
  checker.expect(T, driver.fleet);
  driver.tell(...change);
  lose(driver.fleet);
  checker.turnTaken({ events: change, actions: [], now: driver.now, took: 0 }, driver.fleet);
  return trail.failure;
}

/** Changes the one copy that there is. */
const onCopy =
  (change: object) =>
  ({ replicas }: Fleet): void => {
    for (const replica of replicas.values()) Object.assign(replica, change);
  };

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
    const becomesStrange = onCopy({ stranger: true });
    expect(failureOf([], CHANGED, becomesStrange)).toMatch(/a@t is no longer ours/);
    const leavesAsIdle = onCopy({ cause: 'idle' });
    expect(failureOf([UNLOAD], CHANGED, leavesAsIdle)).toMatch(/what was ordered of a is forgotten/);
  });

  it('is missed where only the deadline of its drain is lost', () => {
    const drainsForEver = ({ servers }: Fleet): void => {
      servers.get(T)!.drain = { since: 0, deadline: null };
    };
    expect(failureOf([DRAIN], CHANGED, drainsForEver)).toMatch(/its drain is forgotten/);
  });
});
