import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { aRow, FakeFeed } from '../../../../../test/support/fake-feed.js';
import type { Refused } from '../../transport/errors/refused.js';
import { GatewaySubscriptions, type GatewayStream, MAX_GATEWAYS } from './gateway-subscriptions.js';
import { RoutePublisher } from './route-publisher.js';
import type { RouteEvent } from './route-event.js';

const GUIDE = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8');

/** A gateway that remembers what it was told, and can stop to read. */
class Gateway implements GatewayStream {
  readonly told: RouteEvent[] = [];
  isFree = true;
  hasEnded = false;
  cause: string | undefined;
  /** After so many events it has to read before it takes more. */
  mostAtOnce = Infinity;
  private taken = 0;

  constructor(
    readonly credential = 'gw',
    readonly watcher = 'g',
  ) {}

  write(event: RouteEvent): void {
    this.told.push(event);
    this.taken += 1;
    if (this.mostAtOnce !== Infinity && this.taken % this.mostAtOnce === 0) this.isFree = false;
  }

  end(cause?: Refused): void {
    this.hasEnded = true;
    this.cause = cause?.facts.reason;
  }
}

describe('gateways that watch', () => {
  let now: number;
  let feed: FakeFeed;
  let subscriptions: GatewaySubscriptions;
  let publisher: RoutePublisher;

  beforeEach(() => {
    now = 0;
    feed = new FakeFeed().put(aRow('a', 's')).put(aRow('b', 's'));
    publisher = new RoutePublisher(feed);
    subscriptions = new GatewaySubscriptions(feed, publisher);
    tell();
  });

  const tell = (): void => publisher.changed(...feed.takeChanges(), now);
  /** A second after another: each with its tick. */
  function pass(seconds: number): void {
    for (let nth = 0; nth < seconds; nth += 1) {
      now += 1_000;
      subscriptions.tick(now);
      publisher.beat(now);
    }
  }

  it('are told all, then changes, and a beat every second', () => {
    const gateway = new Gateway();
    subscriptions.open(gateway, null, now);
    feed.drop(aRow('a', 's').id);
    tell();
    pass(2);
    expect(gateway.told.map(({ resets, rows, gone }) => [resets, rows.length, gone.length])).toEqual([
      [true, 2, 0],
      [false, 0, 1],
      [false, 0, 0],
      [false, 0, 0],
    ]);
  });

  it('hold back what is acknowledged until 10 s after they were told', () => {
    subscriptions.open(new Gateway(), null, now);
    expect(subscriptions.settled(now)).toEqual({ term: 1, sequence: 2 });
    feed.drop(aRow('a', 's').id);
    tell();
    pass(9);
    expect(subscriptions.settled(now).sequence).toBe(2);
    pass(1);
    expect(subscriptions.settled(now).sequence).toBe(3);
  });

  it('hold it back for 2 s longer than docs/api.md has them go by a row: an event may be so long under way', () => {
    const [, goesBy] = /A row is good for (\d+) s after the last event came/.exec(GUIDE) ?? [];
    subscriptions.open(new Gateway(), null, now);
    feed.drop(aRow('a', 's').id);
    tell();
    pass(Number(goesBy) + 2 - 1);
    expect(subscriptions.settled(now).sequence).toBe(2);
    pass(1);
    expect(subscriptions.settled(now).sequence).toBe(3);
  });

  it('hold nothing back that they were never told', () => {
    feed.drop(aRow('a', 's').id);
    tell();
    subscriptions.open(new Gateway(), null, now);
    expect(subscriptions.settled(now).sequence).toBe(3);
  });

  it('hold back what is acknowledged for 10 s after their last event, however they leave', () => {
    const leave = subscriptions.open(new Gateway(), null, now);
    pass(3);
    leave();
    feed.drop(aRow('a', 's').id);
    tell();
    pass(9);
    expect([subscriptions.size, subscriptions.settled(now).sequence]).toEqual([1, 2]);
    pass(1);
    expect([subscriptions.size, subscriptions.settled(now).sequence]).toEqual([0, Infinity]);
  });

  it('are sent away where they do not read, or the table is out of date', () => {
    const deaf = new Gateway();
    subscriptions.open(deaf, null, now);
    deaf.isFree = false;
    pass(9);
    expect(deaf.hasEnded).toBe(false);
    pass(1);
    expect([deaf.hasEnded, subscriptions.size]).toEqual([true, 0]);
    const other = new Gateway();
    subscriptions.open(other, null, now);
    feed.isReady = false;
    pass(1);
    expect([other.hasEnded, subscriptions.size]).toEqual([true, 1]);
    pass(9);
    expect(subscriptions.size).toBe(0);
  });

  it('are sent away where 10 s do not suffice for the whole of what they are told', () => {
    for (let nth = 0; nth < 30_000; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    tell();
    const slow = new Gateway();
    slow.mostAtOnce = 1;
    subscriptions.open(slow, null, now);
    feed.drop(aRow('a', 's').id);
    tell();
    const before = feed.version.sequence;
    for (let nth = 0; nth < 10; nth += 1) {
      expect(slow.hasEnded).toBe(false);
      slow.isFree = true;
      publisher.flushAll(now);
      pass(1);
    }
    expect([slow.hasEnded, slow.told.every(({ hasMore }) => hasMore)]).toEqual([true, true]);
    expect(subscriptions.settled(now).sequence).toBeLessThan(before);
    pass(10);
    expect(subscriptions.settled(now).sequence).toBe(Infinity);
  });

  it('stay where what they are told is whole in time, however slow they are', () => {
    for (let nth = 0; nth < 4_000; nth += 1) feed.put(aRow(`m${nth}`, 's'));
    tell();
    const slow = new Gateway();
    slow.mostAtOnce = 1;
    subscriptions.open(slow, null, now);
    for (let nth = 0; nth < 30; nth += 1) {
      slow.isFree = true;
      publisher.flushAll(now);
      pass(1);
    }
    expect(slow.hasEnded).toBe(false);
  });

  it('count for as long as what they were told is good, also where they have left', () => {
    for (let nth = 0; nth < 3; nth += 1) subscriptions.open(new Gateway(), null, now)();
    expect(subscriptions.size).toBe(3);
    pass(10);
    expect(subscriptions.size).toBe(0);
  });

  /** Opens so many watches of a credential, as far as there are places. */
  function open(
    credential: string,
    count: number,
  ): { readonly watches: Gateway[]; readonly leave: (() => void)[] } {
    const [watches, leave]: [Gateway[], (() => void)[]] = [[], []];
    for (let nth = 0; nth < count && subscriptions.makeRoom(credential); nth += 1) {
      watches.push(new Gateway(credential));
      leave.push(subscriptions.open(watches.at(-1)!, null, now));
    }
    return { watches, leave };
  }

  it('have places by credential where all are taken: who has most gives its youngest', () => {
    const { watches: ofRed } = open('red', MAX_GATEWAYS + 1);
    expect(ofRed).toHaveLength(MAX_GATEWAYS);
    const { watches: ofBlue } = open('blue', MAX_GATEWAYS);
    expect([ofBlue.length, ofBlue.some(({ hasEnded }) => hasEnded)]).toEqual([MAX_GATEWAYS / 2, false]);
    expect(ofRed.findIndex(({ hasEnded }) => hasEnded)).toBe(MAX_GATEWAYS / 2);
    expect(new Set(ofRed.map(({ cause }) => cause))).toEqual(new Set([undefined, 'busy']));
    expect(open('green', 1).watches).toHaveLength(1);
    expect(subscriptions.makeRoom('red')).toBe(false);
  });

  it('count for their own credential alone once they are closed', () => {
    for (const leave of open('red', MAX_GATEWAYS).leave) leave();
    expect([subscriptions.makeRoom('red'), open('blue', MAX_GATEWAYS).watches.length]).toEqual([
      false,
      MAX_GATEWAYS,
    ]);
    pass(10);
    expect(open('red', 1).watches).toHaveLength(1);
  });

  it('are told what they missed once they read again', () => {
    const gateway = new Gateway();
    subscriptions.open(gateway, null, now);
    gateway.isFree = false;
    for (let nth = 0; nth < 5; nth += 1) {
      feed.put(aRow(`m${nth}`, 's'));
      tell();
    }
    gateway.isFree = true;
    publisher.flushAll(now);
    expect(gateway.told.map(({ rows }) => rows.length)).toEqual([2, 5]);
  });
});
