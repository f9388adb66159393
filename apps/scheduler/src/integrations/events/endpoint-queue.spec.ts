import { beforeEach, describe, expect, it } from '@jest/globals';
import { EndpointQueue, type Sent } from './endpoint-queue.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FAILED: Sent = { kind: 'failed', retryAfter: null };
const DELIVERED: Sent = { kind: 'delivered' };

describe('the queue of an endpoint', () => {
  let queue: EndpointQueue;

  beforeEach(() => {
    queue = new EndpointQueue();
  });

  /** Adds events that are numbered from 1 on. */
  function add(...subjects: string[]): void {
    for (const subject of subjects) queue.add(queue.size + 1, subject);
  }

  /** Fails the only event that is due, and says how long it then waits. */
  function failAt(now: number, sent = FAILED, random = 0): number {
    const [number] = queue.take(8, now);
    expect(queue.ended(number!, sent, now, random)).toBeNull();
    return queue.nextAt(8) - now;
  }

  it('sends an event again after 5 s, 30 s, 2 min, 10 min, 1 h, 3 h and 8 h, then gives it up', () => {
    add('a');
    let now = 0;
    for (const wait of [5_000, 30_000, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 8 * HOUR]) {
      expect(failAt(now)).toBe(wait);
      expect(queue.take(8, now + wait - 1)).toEqual([]);
      now += wait;
    }
    const [number] = queue.take(8, now);
    expect(queue.ended(number!, FAILED, now, 0)).toBe(8);
    expect([queue.size, queue.nextAt(8)]).toEqual([0, Infinity]);
  });

  it('waits up to a fifth longer, by chance', () => {
    add('a');
    expect(failAt(0, FAILED, 0.5)).toBe(5_500);
  });

  it('leaves an endpoint alone for as long as Retry-After says, up to 8 h', () => {
    add('a');
    expect(failAt(0, { kind: 'failed', retryAfter: 20 * MINUTE })).toBe(20 * MINUTE);
    queue.add(2, 'b');
    expect(queue.take(8, 20 * MINUTE - 1)).toEqual([]);
    expect(queue.take(8, 20 * MINUTE)).toHaveLength(2);
    queue = new EndpointQueue();
    add('a');
    expect(failAt(0, { kind: 'failed', retryAfter: 1_000 * HOUR })).toBe(8 * HOUR);
  });

  it('does not send the next event of a subject before the one before is done', () => {
    add('a', 'a', 'b');
    expect(queue.take(8, 0)).toEqual([1, 3]);
    queue.ended(1, FAILED, 0, 0);
    expect(queue.take(8, 0)).toEqual([]);
    expect(queue.take(8, 5_000)).toEqual([1]);
    queue.ended(1, DELIVERED, 5_000, 0);
    expect(queue.take(8, 5_000)).toEqual([2]);
  });

  it('sends what is replayed before later events of its subject, but not while one is in flight', () => {
    queue.add(5, 'a');
    queue.add(6, 'a');
    expect(queue.take(8, 0)).toEqual([5]);
    queue.add(2, 'a');
    expect(queue.take(8, 0)).toEqual([]);
    queue.ended(5, DELIVERED, 0, 0);
    expect(queue.take(8, 0)).toEqual([2]);
    queue.ended(2, DELIVERED, 0, 0);
    expect(queue.take(8, 0)).toEqual([6]);
  });

  it('sends no more at a time than it may', () => {
    add('a', 'b', 'c');
    expect(queue.take(2, 0)).toEqual([1, 2]);
    expect(queue.nextAt(2)).toBe(Infinity);
    queue.putBack(1);
    expect(queue.take(2, 0)).toEqual([3]);
  });

  describe('after 5 failures in a row', () => {
    beforeEach(() => {
      add('a', 'b', 'c', 'd', 'e', 'f', 'g');
      for (const number of queue.take(5, 0)) queue.ended(number, FAILED, 0, 0);
    });

    it('sends one event at a time, with pauses that grow to 10 min', () => {
      expect([queue.state, queue.take(8, 4_999)]).toEqual(['failing', []]);
      let now = 0;
      for (const pause of [5_000, 30_000, 2 * MINUTE, 10 * MINUTE, 10 * MINUTE]) {
        now += pause;
        expect(queue.nextAt(8)).toBe(now);
        const taken = queue.take(8, now);
        expect(taken).toHaveLength(1);
        queue.ended(taken[0]!, FAILED, now, 0);
      }
    });

    it('sends all that waits once one was delivered', () => {
      const [probe] = queue.take(8, 5_000);
      queue.ended(probe!, DELIVERED, 5_000, 0);
      expect([queue.state, queue.take(8, 5_000).length]).toEqual(['steady', 6]);
    });

    it('sends all that waits once the configuration was taken up anew', () => {
      queue.beginAnew();
      expect([queue.state, queue.take(8, 0).length]).toEqual(['steady', 7]);
    });
  });

  it('sends nothing to an endpoint that is gone, until the configuration was taken up anew', () => {
    add('a', 'b');
    const [number] = queue.take(1, 0);
    expect(queue.ended(number!, { kind: 'gone' }, 0, 0)).toBe(1);
    expect([queue.state, queue.take(8, HOUR), queue.nextAt(8)]).toEqual(['gone', [], Infinity]);
    queue.beginAnew();
    expect(queue.take(8, HOUR)).toEqual([2]);
  });

  it('gives up the event that has waited longest, but not one in flight', () => {
    add('a', 'a', 'b');
    queue.take(1, 0);
    expect(queue.dropOldest()).toMatchObject({ number: 2, attempts: 0 });
    expect([queue.dropOldest()?.number, queue.dropOldest(), queue.size]).toEqual([3, undefined, 1]);
  });
});
