import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ModelId } from '#core';
import { aRow, FakeFeed } from '../../../../test/support/fake-feed.js';
import { query } from '../../../../test/support/running-engine.js';
import { Refused } from '../transport/errors/refused.js';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { NO_LEADER } from '../transport/lifecycle.js';
import { RoutePublisher } from '../cluster/replication/route-publisher.js';
import type { RouteEvent } from '../cluster/replication/route-event.js';
import { Resolver } from './resolver.js';

describe('a resolve call at a peer that follows', () => {
  let routes: WatchedTable;
  let hearsLeader: boolean;
  let resolver: Resolver;

  beforeEach(() => {
    hearsLeader = true;
    routes = new WatchedTable({ clock: { now: () => 1_000 }, bound: 30_000 });
    const line = { isFree: true, send: (event: RouteEvent) => routes.table.take(event, 1_000) };
    new RoutePublisher(new FakeFeed().put(aRow('a', 's'))).join(line, null, 1_000);
    const metrics = { resolve: { resolved: () => undefined }, routes: { gaveStale: () => undefined } };
    const following = {
      get hearsLeader() {
        return hearsLeader;
      },
    };
    const terms = { following, doubt: () => undefined };
    const led = { leading: null };
    const parts = [{ isEnding: false }, metrics, terms, routes, led] as unknown;
    resolver = new Resolver(...(parts as ConstructorParameters<typeof Resolver>));
  });

  const noLeader = new Refused(NO_LEADER);

  it('leaves a long lease on a warm model to the leader', () => {
    expect(resolver.warm(query({ lease: 60_000 }))).toBeUndefined();
    expect(resolver.warm(query({ lease: 10_000 }))).toMatchObject({ leaseMs: 10_000 });
  });

  it('gets a short lease where no leader is heard', () => {
    hearsLeader = false;
    expect(resolver.warm(query({ lease: 60_000 }))).toMatchObject({ model: 'a', leaseMs: 10_000 });
  });

  it('gets a short lease where the leader has not answered', () => {
    expect(resolver.instead(noLeader, query({ lease: 60_000 }))).toMatchObject({ leaseMs: 10_000 });
  });

  it('waits for a leader that hangs for 1 s at most where the model is warm, and as long as it may where not', () => {
    const began = performance.now();
    const times = { until: began + 60_000, answerBy: began + 60_000, isPatient: true };
    const cut = resolver.timesOf(times, query({ lease: 60_000 }));
    expect(cut.answerBy - performance.now()).toBeLessThanOrEqual(1_000);
    expect(cut.hasOther?.()).toBe(true);
    const cold = resolver.timesOf(times, query({ model: 'b' as ModelId }));
    expect([cold.answerBy, cold.hasOther?.()]).toEqual([times.answerBy, false]);
  });

  it('is refused as before where the model is not warm, or for another reason', () => {
    expect(() => resolver.instead(noLeader, query({ model: 'b' as ModelId, lease: 60_000 }))).toThrow(
      noLeader,
    );
    const busy = new Refused({ reason: 'busy', detail: 'too much', retryAfter: 1 });
    expect(() => resolver.instead(busy, query({ lease: 60_000 }))).toThrow(busy);
  });
});
