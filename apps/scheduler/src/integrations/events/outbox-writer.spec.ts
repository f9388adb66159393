import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { OutboxChange } from '#engine';
import { OutboxWriter } from './outbox-writer.js';

const removal = (number: number): OutboxChange => ({ kind: 'event', number, value: null });

describe('what keeps changes of events', () => {
  it.each([0, 1, 2, 3, 4, 5])('stores what is added %s ticks after a batch was stored', async (ticks) => {
    const stored: number[] = [];
    const outbox = {
      write: (changes: readonly OutboxChange[]) => {
        stored.push(...changes.map(({ number }) => number));
        return Promise.resolve();
      },
    };
    const keeping = new OutboxWriter({ outbox, onHealth: () => undefined });
    const addLater = async (): Promise<void> => {
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      keeping.add([removal(2)]);
    };
    keeping.add([removal(1)], () => void addLater());
    await nextTurn();
    expect(stored).toEqual([1, 2]);
  });
});
