import { beforeEach, describe, expect, it } from '@jest/globals';
import { type ReplicaId, replicaId, type ServerId } from '#core';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { WatchedTable } from './watched-table.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent, RouteVersion } from './route-event.js';

const NOW = 100_000;
const SERVER = 's' as ServerId;

/** A leader, as its peers are told of it. */
class Leader {
  readonly feed: FakeFeed;
  private readonly publisher: RoutePublisher;

  constructor(term: number) {
    this.feed = new FakeFeed(term);
    this.publisher = new RoutePublisher(this.feed);
  }

  tell(): void {
    this.publisher.changed(...this.feed.takeChanges(), NOW);
  }

  follow({ table }: WatchedTable): void {
    const have = table.isReceived ? table.version : null;
    const line = { isFree: true, send: (event: RouteEvent) => table.take(event, NOW) };
    this.publisher.join(line, have, NOW);
  }
}

/** What a gateway makes of what it is told. */
class Gateway {
  readonly rows = new Set<ReplicaId>();
  resets = 0;
  private version: RouteVersion | null = null;
  private leave = (): void => undefined;

  watch({ gateways }: WatchedTable): void {
    this.leave();
    const stream = {
      ...{ watcher: 'g', credential: 'gw' },
      isFree: true,
      write: (event: RouteEvent) => this.hear(event),
      end: () => undefined,
    };
    this.leave = gateways.open(stream, this.version, NOW);
  }

  private hear({ resets, rows, gone, version }: RouteEvent): void {
    if (resets) this.rows.clear();
    if (resets) this.resets += 1;
    for (const { model, server } of rows) this.rows.add(replicaId(model, server));
    for (const { model, server } of gone) this.rows.delete(replicaId(model, server));
    this.version = version;
  }
}

describe('a gateway that goes from one Berth to another', () => {
  let next: Leader;
  let kept: WatchedTable;
  let fresh: WatchedTable;
  let gateway: Gateway;

  const aTable = (): WatchedTable => new WatchedTable({ clock: { now: () => NOW }, bound: 30_000 });

  /** A new leader has not looked yet: one Berth keeps the row of the term before, and the other has none. */
  beforeEach(() => {
    const before = new Leader(1);
    before.feed.put(aRow('x', SERVER));
    [kept, fresh, gateway] = [aTable(), aTable(), new Gateway()];
    before.follow(kept);
    next = new Leader(2);
    next.feed.setServer(SERVER, false);
    next.tell();
    next.follow(kept);
    next.follow(fresh);
    gateway.watch(kept);
    expect([...gateway.rows]).toEqual(['x@s']);
  });

  it('does not keep a row that the other Berth never had', () => {
    gateway.watch(fresh);
    next.feed.setServer(SERVER);
    next.tell();
    expect([...gateway.rows]).toEqual([]);
  });

  it('does not either where the leader has looked meanwhile', () => {
    next.feed.setServer(SERVER);
    const late = aTable();
    next.tell();
    next.follow(late);
    for (const berth of [fresh, late]) {
      const one = new Gateway();
      Object.assign(one, { version: { term: 2, sequence: 0 }, rows: new Set(['x@s']) });
      one.watch(berth);
      expect([...one.rows]).toEqual([]);
    }
  });

  it('is told only what is newer, once the leader has looked at all servers and more has changed', () => {
    next.feed.setServer(SERVER);
    next.tell();
    next.feed.put(aRow('y', SERVER));
    next.tell();
    const before = gateway.resets;
    next.feed.put(aRow('z', SERVER));
    gateway.watch(fresh);
    next.tell();
    expect([[...gateway.rows].toSorted(), gateway.resets]).toEqual([['y@s', 'z@s'], before]);
  });
});
