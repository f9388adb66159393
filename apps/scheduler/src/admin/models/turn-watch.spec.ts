import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Refused } from '../../transport/errors/refused.js';
import { TurnWatch } from './turn-watch.js';

const watch = new TurnWatch();

afterEach(() => watch.close());

/** A caller whose order is stored, which takes a turn of the event loop, and that then waits for its end. */
const order = () =>
  watch.admit(async () => {
    await nextTurn();
    await watch.until(() => false, 600_000);
  }, 'too many');

describe('waiting for the end of orders', () => {
  it('is for a thousand callers at once, and for others when one of them has gone', async () => {
    const waiting = Array.from({ length: 1_000 }, order);
    await expect(order()).rejects.toMatchObject({ facts: { reason: 'queue_full', detail: 'too many' } });
    await nextTurn();
    await expect(order()).rejects.toThrow(Refused);
    watch.close();
    await Promise.all(waiting);
    expect(await watch.admit(() => Promise.resolve('in'), 'too many')).toBe('in');
  });

  it('gives a place back that an order had which was refused', async () => {
    const refused = Array.from({ length: 1_000 }, () =>
      watch.admit(() => Promise.reject(new Error('no')), 'too many'),
    );
    await Promise.allSettled(refused);
    expect(await watch.admit(() => Promise.resolve('in'), 'too many')).toBe('in');
  });
});
