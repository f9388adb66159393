import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HandedOut, type ModelId, pickRoute, routeRow } from '#core';
import { aModel, aServer, CoreDriver } from '../../../../../test/support/core-driver.js';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { query } from '../../../../../test/support/running-engine.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';
import { RouteTable } from './route-table.js';

const MODEL = 'resnet50' as ModelId;
const SERVERS = ['triton-a', 'triton-b', 'triton-c', 'triton-d'];

describe('a key that leads to a copy', () => {
  /** The table of a peer that was told of a feed. */
  function tableOf(feed: FakeFeed, now: () => number): RouteTable {
    const table = new RouteTable({ now, bound: Infinity, isShown: () => false });
    const line = { isFree: true, send: (event: RouteEvent) => table.take(event, now()) };
    new RoutePublisher(feed).join(line, null, now());
    return table;
  }

  /** A leader with a copy on each server, of which one fails. */
  function leader(): CoreDriver {
    const driver = new CoreDriver().declare(aModel(MODEL, { pinnedCopies: SERVERS.length }));
    for (const server of SERVERS) driver.serve(aServer(server, [10]), [MODEL]);
    for (const server of SERVERS) driver.loadEnds(MODEL, server);
    driver.pass(3_000);
    for (const failed of [0, 3]) {
      const shelf = driver.shelf('triton-d');
      shelf.served.set(MODEL, { succeeded: 1, failed, lastInference: failed });
      driver.now += 1;
      driver.tell({
        kind: 'Looked',
        server: aServer('triton-d').id,
        look: shelf.look(driver.now, 'full', true),
      });
    }
    return driver;
  }

  it('is the same on the leader and on peers, in whatever order these were told of the copies', () => {
    const driver = leader();
    const now = (): number => driver.now;
    const rows = Array.from(driver.fleet.replicas.keys(), (id) => routeRow(driver.fleet, id)!);
    expect(rows.filter(({ isFailing }) => isFailing)).toHaveLength(1);
    const peers = [rows, rows.toReversed()].map((some) =>
      tableOf(
        some.reduce((feed, row) => feed.put(row), new FakeFeed()),
        now,
      ),
    );
    const keys = fc.string({ unit: 'binary', minLength: 1, maxLength: 128 });
    fc.assert(
      fc.property(keys, fc.subarray(SERVERS, { maxLength: 3 }), (affinityKey, avoid) => {
        // A leader and peers that have given no routes.
        const asked = query({ model: MODEL, affinityKey, avoid: avoid.map((id) => aServer(id).id) });
        const nothing = { lastUse: () => undefined, handedOut: new HandedOut() };
        const found = pickRoute(driver.fleet, asked, nothing)!.server;
        driver.now += 2_000;
        for (const peer of peers) expect(peer.route(asked)!.server).toBe(found);
      }),
    );
  });

  it('is another one on a peer that has given its copy too many routes; what gateways report does not count', () => {
    let now = 100_000;
    const feed = new FakeFeed();
    for (const server of ['triton-a', 'triton-b', 'triton-c']) feed.put(aRow(MODEL, server));
    const table = tableOf(feed, () => now);
    table.uses.note(aRow(MODEL, 'triton-c'), now, now + 5_000, 100);
    const asked = query({ model: MODEL, affinityKey: 'user-1' });
    const servers = Array.from({ length: 10 }, () => table.route(asked)!.server);
    expect(servers).toEqual([...Array.from({ length: 8 }, () => 'triton-c'), 'triton-b', 'triton-b']);
    now += 2_000;
    expect([table.isWarm(asked), table.route(asked)!.server]).toEqual([true, 'triton-c']);
  });
});
