import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ServerId } from '#core';
import { aRow, FakeFeed, NO_GATEWAYS } from '../../../../../test/support/fake-feed.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';
import { LeaderSession } from './leader-session.js';
import { RouteTable } from './route-table.js';

const servers = (count: number, prefix = 's'): ServerId[] =>
  Array.from({ length: count }, (_, nth) => `${prefix}${nth}` as ServerId);

describe('what a follower acknowledges', () => {
  it('is due as soon as its gateways have, and names those that have not', () => {
    const gateways = { settled: () => version, awaited: () => [{ watcher: 'g', acknowledges: true }] };
    const table = new RouteTable({ now: () => 0, bound: 30_000, isShown: () => false });
    const session = new LeaderSession(table, gateways, 0);
    const feed = new FakeFeed().put(aRow('a', 's')).put(aRow('b', 's'));
    let version = { term: 1, sequence: 1 };
    new RoutePublisher(feed).join(
      { isFree: true, send: (event: RouteEvent) => session.hear(event, 0) },
      null,
      0,
    );
    expect(session.next(0).report).toMatchObject({
      version,
      awaited: [{ watcher: 'g', acknowledges: true }],
    });
    expect(session.isDue(0)).toBe(false);
    version = { term: 1, sequence: 7 };
    expect(session.isDue(0)).toBe(true);
    expect(session.next(0).report.version).toEqual({ term: 1, sequence: 2 });
    expect(session.isDue(0)).toBe(false);
  });
});

describe('what a follower reports of servers on which callers failed', () => {
  let feed: FakeFeed;
  let session: LeaderSession;

  beforeEach(() => {
    feed = new FakeFeed();
    const table = new RouteTable({ now: () => 0, bound: 30_000, isShown: () => false });
    session = new LeaderSession(table, NO_GATEWAYS, 0);
    for (const id of servers(250)) feed.setServer(id);
    new RoutePublisher(feed).join(
      { isFree: true, send: (event: RouteEvent) => session.hear(event, 0) },
      null,
      0,
    );
    session.next(0);
  });

  const doubted = (): readonly ServerId[] => session.next(0).report.doubted;

  it('names no server that the table does not know', () => {
    session.doubt([...servers(1), ...servers(200, 'unknown')]);
    expect(doubted()).toEqual(['s0']);
    session.doubt(servers(200, 'unknown'));
    expect(session.isDue(0)).toBe(false);
  });

  it('names at most 100 at a time, and the others next', () => {
    session.doubt(servers(250));
    session.doubt(servers(250));
    expect([doubted().length, doubted().length, doubted().length]).toEqual([100, 100, 50]);
    expect(session.isDue(0)).toBe(false);
  });

  it('keeps no more than 1,000 to be named', () => {
    for (const id of servers(1_200)) feed.setServer(id);
    new RoutePublisher(feed).join(
      { isFree: true, send: (event: RouteEvent) => session.hear(event, 0) },
      null,
      0,
    );
    session.doubt(servers(1_200));
    const told = Array.from({ length: 12 }, () => doubted().length);
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });
});
