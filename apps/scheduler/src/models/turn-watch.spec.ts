import { afterEach, describe, expect, it } from '@jest/globals';
import { Refused } from '../errors/refused.js';
import { TurnWatch } from './turn-watch.js';

const watch = new TurnWatch();

afterEach(() => watch.close());

const wait = () => watch.until(() => false, 600_000);

describe('waiting for the end of orders', () => {
  it('is for a thousand callers at once, and for others when one of them has gone', async () => {
    const waiting = Array.from({ length: 999 }, wait);
    expect(() => watch.admit()).not.toThrow();
    waiting.push(wait());
    expect(() => watch.admit()).toThrow(Refused);
    watch.close();
    await Promise.all(waiting);
    expect(() => watch.admit()).not.toThrow();
  });
});
