import { beforeEach, describe, expect, it } from '@jest/globals';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { GatewaySubscriptions } from './gateway-subscriptions.js';
import { RoutePublisher } from './route-publisher.js';

describe('gateways that poll', () => {
  let now: number;
  let feed: FakeFeed;
  let subscriptions: GatewaySubscriptions;

  beforeEach(() => {
    now = 0;
    feed = new FakeFeed().put(aRow('a', 's'));
    subscriptions = new GatewaySubscriptions(feed, new RoutePublisher(feed));
  });

  function pass(ms: number): void {
    now += ms;
    subscriptions.tick(now);
  }

  const settled = (): number => subscriptions.settled(now).sequence;

  it('hold back what is acknowledged for 10 s after they were told', () => {
    subscriptions.polled(now);
    feed.drop(aRow('a', 's').id);
    pass(9_999);
    expect([subscriptions.size, settled()]).toEqual([1, 1]);
    pass(1);
    expect([subscriptions.size, settled()]).toEqual([0, Infinity]);
  });

  it('hold back what any of them may go by, the earliest version first', () => {
    for (let nth = 0; nth < 20; nth += 1) {
      subscriptions.polled(now);
      feed.put(aRow(`m${nth}`, 's'));
      pass(1_000);
    }
    // Versions 1 to 20 were told, one each second: those of less than 10 s ago count.
    expect(settled()).toBe(12);
    pass(5_000);
    expect(settled()).toBe(17);
  });

  it('count as one, and those of one moment go by its earliest version until the end of its last', () => {
    for (let nth = 0; nth < 5; nth += 1) {
      subscriptions.polled(now);
      feed.put(aRow(`m${nth}`, 's'));
      now += 100;
    }
    expect([subscriptions.size, settled()]).toEqual([1, 1]);
    pass(9_800);
    expect(settled()).toBe(1);
    pass(100);
    expect(settled()).toBe(Infinity);
  });

  it('take no place from those that watch', () => {
    for (let nth = 0; nth < 1_000; nth += 1) {
      subscriptions.polled(now);
      now += 10;
    }
    expect(subscriptions.makeRoom('gw')).toBe(true);
  });
});
