import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet, type Fleet, type ModelId, type ReplicaId, type ServerId } from '#core';
import type { Route } from '#engine';
import { WatchedTable } from '../following/watched-table.js';
import type { RouteEvent } from './route-event.js';
import { Watching } from './watching.js';

describe("a leader's word on a route", () => {
  let mayAct: boolean;
  let watching: Watching;
  let fleet: Fleet;

  beforeEach(() => {
    mayAct = true;
    fleet = emptyFleet();
    const clock = { now: () => 1_000 };
    watching = new Watching({
      engine: { fleet, now: () => 1_000, report: () => undefined },
      addresses: { changes: 1, routeServer: (id) => ({ id, grpc: '', http: null, labels: {} }) },
      leadership: {
        ...{ term: 1, mayAct: () => mayAct, renewedAgo: () => 12_000, follow: () => undefined },
        ended: new Promise(() => undefined),
      },
      own: new WatchedTable({ clock, bound: 30_000 }),
      log: { warn: () => undefined },
    });
  });

  const route = (lease: number): Route => ({
    ...{ kind: 'route', model: 'a' as ModelId, version: '1', server: 's' as ServerId },
    ...{ replica: 'a@s' as ReplicaId, devices: [], term: 1, sequence: 1, lease, cold: false, waited: 0 },
  });

  it('leaves a long lease as it is while it may act', () => {
    expect(watching.vouch(route(600_000))).toEqual(route(600_000));
  });

  it('gives no more than 10 s while it is held: nothing keeps a longer lease then', () => {
    mayAct = false;
    expect(watching.vouch(route(600_000))).toEqual(route(10_000));
    expect(watching.vouch(route(4_000))).toEqual(route(4_000));
  });

  it('is told to no peer before the first table of its term, nor after its end', async () => {
    const known = { read: () => Promise.resolve(new Set<string>()), keep: NOTHING, forget: NOTHING };
    await watching.recall({ name: 'own', known, lastRenewalSeenAt: 0 });
    watching.begin();
    const told: RouteEvent[] = [];
    const stream = { write: (event: RouteEvent) => void told.push(event), end: () => undefined };
    const open = () => watching.open('p', stream, null, '');
    await expect(open()).rejects.toThrow('no_leader');
    Object.assign(fleet, { startedAt: 1_000, serversAwaited: false });
    watching.tick(1_000);
    await open();
    expect(told.map(({ version }) => version.term)).toEqual([1]);
    const late = open();
    await watching.end(false);
    await expect(late).rejects.toThrow('no_leader');
  });
});

const NOTHING = (): Promise<void> => Promise.resolve();
