import { beforeEach, describe, expect, it } from '@jest/globals';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import { GatewaySubscriptions } from './gateway-subscriptions.js';
import type { RouteVersion } from './route-event.js';
import { RoutePublisher } from './route-publisher.js';

describe('what gateways acknowledge', () => {
  let now: number;
  let feed: FakeFeed;
  let subscriptions: GatewaySubscriptions;
  let publisher: RoutePublisher;
  let ended: string[];

  beforeEach(() => {
    [now, ended] = [0, []];
    feed = new FakeFeed().put(aRow('a', 's')).put(aRow('b', 's'));
    publisher = new RoutePublisher(feed);
    subscriptions = new GatewaySubscriptions(feed, publisher);
    tell();
  });

  const tell = (): void => publisher.changed(...feed.takeChanges(), now);
  const withdraw = (model: string): void => {
    feed.drop(aRow(model, 's').id);
    tell();
  };
  function pass(seconds: number): void {
    for (let nth = 0; nth < seconds; nth += 1) {
      now += 1_000;
      subscriptions.tick(now);
      publisher.beat(now);
    }
  }

  const watch = (watcher: string, credential = 'c'): (() => void) =>
    subscriptions.open(
      {
        ...{ watcher, credential, isFree: true, write: () => undefined },
        end: () => void ended.push(watcher),
      },
      null,
      now,
    );
  const line = (watcher: string, version: RouteVersion = feed.version) =>
    subscriptions.lineOf({ watcher, credential: 'c' }, version);
  const acknowledge = (watcher: string, version: RouteVersion = feed.version): void =>
    line(watcher, version)?.acknowledge(version, now);
  const settled = (): number => subscriptions.settled(now).sequence;
  const at = (sequence: number): RouteVersion => ({ term: 1, sequence });

  it('is settled at once, by all of them', () => {
    watch('g');
    watch('h');
    withdraw('a');
    acknowledge('g');
    expect(settled()).toBe(2);
    acknowledge('h');
    expect(settled()).toBe(3);
  });

  it('is no more than what they say', () => {
    watch('g');
    withdraw('a');
    withdraw('b');
    acknowledge('g', at(3));
    expect(settled()).toBe(3);
    acknowledge('g', at(2));
    expect(settled()).toBe(3);
    pass(10);
    expect(settled()).toBe(4);
  });

  it('is refused where it was never sent, and changes nothing then', () => {
    watch('g');
    withdraw('a');
    expect(() => line('g', at(4))).toThrow('acknowledged: must be of an event that was sent');
    expect(() => line('g', { term: 2, sequence: 0 })).toThrow(
      'acknowledged: must be of an event that was sent',
    );
    expect(settled()).toBe(2);
  });

  it('counts for nobody where the stream is gone, or of another credential, or nothing was sent whole', () => {
    watch('g')();
    watch('h', 'other');
    expect([line('g'), line('h'), line('nobody')]).toEqual([undefined, undefined, undefined]);
    for (let nth = 0; nth < 1_500; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    tell();
    let taken = 0;
    const stream = {
      ...{ watcher: 'slow', credential: 'c', end: () => undefined },
      get isFree() {
        return taken === 0;
      },
      write: () => void (taken += 1),
    };
    subscriptions.open(stream, null, now);
    expect([taken, line('slow', at(1))]).toEqual([1, undefined]);
  });

  it('counts for none of two that share a name, nor until the one that has left is past its time', () => {
    watch('g');
    const leave = watch('g');
    withdraw('a');
    acknowledge('g');
    expect(settled()).toBe(2);
    pass(10);
    expect(settled()).toBe(3);
    leave();
    withdraw('b');
    pass(9);
    acknowledge('g');
    expect(settled()).toBe(3);
    pass(1);
    acknowledge('g');
    expect(settled()).toBe(4);
  });

  it('of a gateway that has come back settles nothing for the stream of before', () => {
    const leave = watch('g');
    acknowledge('g');
    leave();
    withdraw('a');
    watch('g');
    acknowledge('g');
    pass(9);
    expect(settled()).toBe(2);
    pass(1);
    acknowledge('g');
    expect(settled()).toBe(3);
  });

  it('is waited for as long as they are heard, and 10 s from their last word', () => {
    watch('g');
    acknowledge('g');
    withdraw('a');
    pass(5);
    acknowledge('g', at(2));
    pass(9);
    expect([settled(), ended]).toEqual([2, ['g']]);
    pass(1);
    expect(settled()).toBe(3);
  });

  it('is late where they name only what was before for 10 s: they are sent away, and waited for 10 s more', () => {
    watch('g');
    acknowledge('g');
    withdraw('a');
    for (let nth = 0; nth < 9; nth += 1) {
      pass(1);
      acknowledge('g', at(2));
    }
    expect([ended, settled()]).toEqual([[], 2]);
    pass(1);
    expect([ended, settled()]).toEqual([['g'], 2]);
    acknowledge('g', at(2));
    pass(9);
    expect(settled()).toBe(Infinity);
  });

  it('keeps those that are silent but told nothing new', () => {
    watch('g');
    acknowledge('g');
    pass(60);
    expect([ended, settled()]).toEqual([[], 2]);
  });

  it('is what they are named for that have not done so, the first 20', () => {
    watch('silent');
    watch('late');
    watch('quick');
    for (const one of ['late', 'quick']) acknowledge(one);
    withdraw('a');
    acknowledge('quick');
    expect(subscriptions.awaited(feed.version, now)).toEqual([
      { watcher: 'silent', acknowledges: false },
      { watcher: 'late', acknowledges: true },
    ]);
    expect(subscriptions.awaited(at(2), now)).toEqual([]);
    for (let nth = 0; nth < 30; nth += 1) watch(`g${nth}`);
    withdraw('b');
    expect(subscriptions.awaited(feed.version, now)).toHaveLength(20);
  });
});
