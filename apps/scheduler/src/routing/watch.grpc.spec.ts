import { EventEmitter, once } from 'node:events';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { ANONYMOUS } from '#access';
import { notePrincipal } from '../transport/access/principals.js';
import { aRow, FakeFeed } from '../../../../test/support/fake-feed.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import type { RpcErrors } from '../transport/errors/rpc-errors.js';
import { Lifecycle } from '../transport/lifecycle.js';
import type { Following } from '../cluster/leadership/following.js';
import { Terms } from '../cluster/leadership/per-term.js';
import { RoutePublisher } from '../cluster/replication/route-publisher.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { GatewayRoutes } from './gateway-routes.js';
import { WatchRpc } from './watch.grpc.js';

const errors = { of: (error: unknown) => error } as unknown as RpcErrors;

/** The handlers of a process that follows. */
function handlersOf(routes: WatchedTable, following?: Pick<Following, 'noteTerm'>) {
  const lifecycle = new Lifecycle();
  const terms = Object.assign(new Terms(lifecycle), { following });
  const gateways = new GatewayRoutes(lifecycle, terms, routes);
  return new WatchRpc(errors, lifecycle, { warn: () => undefined }, terms, gateways).handlers();
}

describe('what a gateway reports as used', () => {
  let now: number;
  let own: WatchedTable;
  let feed: FakeFeed;
  let publisher: RoutePublisher;

  beforeEach(() => {
    now = 100_000;
    own = new WatchedTable({ clock: { now: () => now }, bound: 30_000 });
    feed = new FakeFeed().put(aRow('a', 's'));
    publisher = new RoutePublisher(feed);
    publisher.join({ isFree: true, send: (event: RouteEvent) => own.table.take(event, now) }, null, now);
  });

  function withdraw(): void {
    feed.drop(aRow('a', 's').id);
    publisher.changed(...feed.takeChanges(), now);
  }

  function report(inUseForMs: number, lastUsedMsAgo = 0): void {
    const handlers = handlersOf(own);
    const use = { model: 'a', server: 's', lastUsedMsAgo, inUseForMs, routes: 1 };
    const call = {
      request: { watcher: 'g', uses: [use], doubted: [], peer: null },
      metadata: new Metadata(),
    };
    notePrincipal(call.metadata, ANONYMOUS);
    const reportUsage = handlers['reportUsage'] as (call: unknown, done: (error: unknown) => void) => void;
    reportUsage(call, (error) => expect(error).toBeNull());
  }

  /** When the last lease that is noted ends, counted from `began`. */
  const endsAfter = (began: number): number => {
    const { uses } = own.table.uses.report(now, 'all');
    return now + (uses[0]?.inUseForMs ?? 0) - began;
  };

  it('counts while the table has the row', () => {
    const began = now;
    now += 25_000;
    report(10_000);
    expect(endsAfter(began)).toBe(35_000);
  });

  it('is told on with an age that the leader takes, whatever the gateway says', () => {
    report(10_000, Number.MAX_SAFE_INTEGER);
    now += 1_000;
    const [use] = own.table.uses.report(now, 'all').uses;
    expect(use).toMatchObject({ lastUsedMsAgo: 3_601_000, routes: 1 });
  });

  it('counts of a row that is gone only as long as a gateway may have routed by it, of any peer', () => {
    withdraw();
    const began = now;
    now += 9_000;
    report(10_000);
    expect(endsAfter(began)).toBe(19_000);
    for (let nth = 0; nth < 45; nth += 1) {
      now += 1_000;
      report(10_000);
    }
    expect(endsAfter(began)).toBe(60_000);
    now += 9_000;
    report(10_000);
    expect(own.table.uses.report(now, 'all').uses.every(({ inUseForMs }) => inUseForMs === 0)).toBe(true);
  });

  it('counts no longer by a table that is out of date, nor of a row that never was', () => {
    const began = now;
    now += 55_000;
    report(10_000);
    expect(endsAfter(began)).toBe(60_000);
    now += 6_000;
    report(10_000);
    expect(endsAfter(now)).toBe(0);
  });

  it('counts again once the row is back', () => {
    withdraw();
    now += 30_000;
    feed.put(aRow('a', 's'));
    publisher.changed(...feed.takeChanges(), now);
    const began = now;
    report(10_000);
    expect(endsAfter(began)).toBe(10_000);
  });
});

describe('gateways that watch', () => {
  it('share the places by credential: the youngest watch of who has most ends with busy', () => {
    const feed = new FakeFeed().put(aRow('a', 's'));
    const routes = new WatchedTable({ clock: { now: () => 0 }, bound: 30_000 });
    new RoutePublisher(feed).join(
      { isFree: true, send: (event: RouteEvent) => routes.table.take(event, 0) },
      null,
      0,
    );
    const handlers = handlersOf(routes);
    const told: string[] = [];
    const watch = (credential: string, nth: number): void => {
      const request = { watcher: 'w', have: null, peer: null };
      const stream = Object.assign(new EventEmitter(), {
        request,
        metadata: new Metadata(),
        write: () => true,
      });
      notePrincipal(stream.metadata, { ...ANONYMOUS, credential });
      stream.on('error', ({ facts }) => told.push(`${credential} ${nth}: ${facts.reason}`));
      (handlers['watchRoutes'] as (call: unknown) => void)(stream);
    };
    for (let nth = 1; nth <= 500; nth += 1) watch('red', nth);
    expect(told).toEqual([]);
    watch('blue', 1);
    expect(told).toEqual(['red 500: busy']);
  });
});

describe('a peer that watches', () => {
  it.each([
    ['peer', [89]],
    ['gateway', []],
  ])('has the leader hear of its term, where it is a %s: %j', async (kind, terms) => {
    const noted: number[] = [];
    const routes = new WatchedTable({ clock: { now: () => 0 }, bound: 30_000 });
    const handlers = handlersOf(routes, { noteTerm: (term) => void noted.push(term) });
    const stream = Object.assign(new EventEmitter(), {
      request: {
        ...{ watcher: 'w', have: { term: '89', sequence: '1' } },
        peer: kind === 'peer' ? { configHash: '' } : null,
      },
      metadata: new Metadata(),
    });
    notePrincipal(stream.metadata, ANONYMOUS);
    const refused = once(stream, 'error').catch((error: unknown) => [error]);
    (handlers['watchRoutes'] as (call: unknown) => void)(stream);
    expect(await refused).toMatchObject([{ facts: { reason: 'no_leader' } }]);
    expect(noted).toEqual(terms);
  });
});
