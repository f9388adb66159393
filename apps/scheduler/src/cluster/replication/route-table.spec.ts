import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerId } from '#core';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { query } from '../../../../../test/support/running-engine.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';
import { RouteTable } from './route-table.js';

const BOUND = 30_000;

describe('a table of routes', () => {
  let now: number;
  let shown: Set<string>;
  let table: RouteTable;
  let feed: FakeFeed;
  let publisher: RoutePublisher;

  beforeEach(() => {
    now = 100_000;
    shown = new Set();
    table = new RouteTable({
      now: () => now,
      bound: BOUND,
      isShown: (model, server) => shown.has(`${model}@${server}`),
    });
    feed = new FakeFeed().put(aRow('a', 's'));
    publisher = new RoutePublisher(feed);
    follow();
  });

  /** Events arrive at once. */
  function follow(): void {
    const line = { isFree: true, send: (event: RouteEvent) => table.take(event, now) };
    publisher.join(line, null, now);
  }

  const tell = (): void => publisher.changed(...feed.takeChanges(), now);
  const route = (parts: Parameters<typeof query>[0] = {}) => table.route(query(parts));

  it('gives routes as an engine does', () => {
    expect(route()).toEqual({
      ...{ kind: 'route', model: 'a', version: '1', server: 's', replica: 'a@s', devices: [0] },
      ...{ term: 1, sequence: 1, lease: 10_000, cold: false, waited: 0 },
    });
    expect(table.routeServer('s')).toMatchObject({ id: 's', grpc: 's:8001' });
  });

  it('leaves longer leases, other versions and avoided servers to the leader', () => {
    expect(route({ lease: 10_001 })).toBeUndefined();
    expect(route({ version: '2' })).toBeUndefined();
    expect(route({ avoid: ['s' as ServerId] })).toBeUndefined();
  });

  it('cuts longer leases where no leader can be asked', () => {
    expect(table.route(query({ lease: 600_000 }), true)).toMatchObject({ server: 's', lease: 10_000 });
    expect(table.route(query({ lease: 4_000 }), true)).toMatchObject({ lease: 4_000 });
    expect(table.uses.report(now, 'all').uses).toMatchObject([{ inUseForMs: 10_000, routes: 2 }]);
  });

  it('sends two callers in a row to two copies, and to failing ones last', () => {
    feed
      .put(aRow('a', 't'))
      .put(aRow('a', 'u', { isFailing: true }))
      .put(aRow('a', 'v', { isEnding: true }));
    tell();
    const servers = Array.from({ length: 4 }, () => ((now += 1), route()?.server));
    expect(servers.map((server) => server === 's' || server === 't')).toEqual([true, true, true, true]);
    expect(new Set(servers).size).toBe(2);
    feed.drop(aRow('a', 's').id).drop(aRow('a', 't').id);
    tell();
    expect(route()?.server).toBe('v');
  });

  it('knows until when a gateway may use a copy, also by the table of a peer that hears of no withdrawal', () => {
    const gone = aRow('a', 's').id;
    const bothWays = 2 * 10_000;
    expect(table.gatewaysDoneBy(gone)).toBe(now + BOUND + bothWays + 10_000);
    now += 5_000;
    feed.drop(gone);
    tell();
    expect(table.gatewaysDoneBy(gone)).toBe(now + BOUND + bothWays + 10_000);
    now += BOUND + bothWays + 10_000 - 1;
    feed.put(aRow('b', 's'));
    tell();
    feed.drop(aRow('b', 's').id);
    tell();
    expect(table.gatewaysDoneBy(gone)).toBe(now + 1);
  });

  it('ends leases where a drain does, counted from when the event can have been sent at the earliest', () => {
    feed.put(aRow('a', 's', { isEnding: true, leasesEndBy: now + 4_000 }));
    tell();
    now += 1_500;
    expect(route()?.lease).toBe(2_500);
    now += 2_499;
    expect(route()?.lease).toBe(1);
    now += 1;
    expect(route()).toBeUndefined();
  });

  it('is out of date once the leader was last renewed too long ago, and then goes by its own looks', () => {
    now += BOUND;
    expect(route()).not.toHaveProperty('stale');
    now += 1;
    expect([table.isOutOfDate, route()]).toEqual([true, undefined]);
    shown.add('a@s');
    expect(route()).toMatchObject({ server: 's', lease: 10_000, stale: true });
  });

  it('is as old as the leader says that its lease is', () => {
    feed.renewedAgo = 12_000;
    publisher.beat(now);
    expect(table.age).toBe(0);
    now += 20_000;
    publisher.beat(now);
    expect(table.age).toBe(12_000);
  });

  it('does not keep rows for the next leader that were out of date', () => {
    now += BOUND + 1;
    feed = new FakeFeed(2).setServer('s' as ServerId, false);
    publisher = new RoutePublisher(feed);
    follow();
    expect([table.rows.size, table.version.term]).toEqual([0, 2]);
  });

  it('takes nothing of a leader of before', () => {
    const late = { ...eventOf(1), gone: [aRow('a', 's')] };
    table.take({ ...eventOf(2), resets: true }, now);
    expect(table.rows.size).toBe(0);
    table.take({ ...late, rows: [aRow('b', 's')] }, now);
    expect([table.rows.size, table.version.term]).toEqual([0, 2]);
  });

  it('is as old as before until all of what is under way has come', () => {
    now += 20_000;
    table.take({ ...eventOf(1), hasMore: true }, now);
    expect(table.age).toBe(20_000);
    table.take(eventOf(1), now);
    expect(table.age).toBe(0);
  });

  it('reports every open horizon, and routes until the report has arrived', () => {
    route();
    route();
    now += 1_000;
    const lost = table.uses.report(now, 'all');
    expect(lost.uses).toEqual([
      { model: 'a', server: 's', lastUsedMsAgo: 1_000, inUseForMs: 9_000, routes: 2 },
    ]);
    table.uses.report(now, []).arrived();
    expect(table.uses.report(now, []).uses).toEqual([]);
    expect(table.uses.report(now, 'all').uses).toMatchObject([{ inUseForMs: 9_000, routes: 0 }]);
    now += 9_000;
    expect(table.uses.report(now, 'all').uses).toEqual([]);
  });

  const eventOf = (term: number): RouteEvent => ({
    ...{ number: 1, version: { term, sequence: 1 }, beat: { renewedAgoMs: 0, isEnding: false } },
    ...{ resets: false, hasMore: false, servers: [], serversGone: [], rows: [], gone: [] },
  });
});
