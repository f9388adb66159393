import { beforeEach, describe, expect, it } from '@jest/globals';
import { emptyFleet } from '#core';
import { OrderBook, type DeclarationChange, type Written } from '#engine';
import { emptyAudit } from '../../../../../test/support/empty-audit.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { Writes } from '../idempotency/writes.js';
import { OrderKeeping } from './order-keeping.js';

describe('keeping what became of orders', () => {
  const ORDERED = { load: true, unload: [], reload: [] };
  let stored: DeclarationChange[];
  let isFull: boolean;
  let said: string[];
  let writes: Writes;
  let keeping: OrderKeeping;

  beforeEach(() => {
    [stored, isFull, said] = [[], false, []];
    const write = async (changes: readonly DeclarationChange[]): Promise<Written> => {
      await Promise.resolve();
      if (isFull) throw new Error('the disk is full');
      stored.push(...changes);
      return { durable: true };
    };
    const store = { answer: async () => undefined };
    const idempotencyKeys = new IdempotencyKeys({ store, given: new Map(), wallNow: () => 0 });
    writes = new Writes({ write }, { idempotencyKeys, audit: emptyAudit() }, new Lifecycle());
    const log = { error: (_: unknown, text: string) => void said.push(text) } as never;
    keeping = new OrderKeeping(new OrderBook(new Map([['m', ORDERED]])), writes, log);
  });

  const turn = async (): Promise<void> => {
    keeping.turnTaken({ events: [], actions: [], now: 0, took: 0 }, emptyFleet());
    await writes.idle();
    await new Promise(setImmediate);
  };

  it('tells the store once that nothing is left to be done', async () => {
    await turn();
    await turn();
    expect(stored).toEqual([{ kind: 'orders', model: 'm', value: null }]);
    expect(said).toEqual([]);
  });

  it('says once that nothing can be stored, and goes on when it can', async () => {
    isFull = true;
    await turn();
    await turn();
    expect(said).toEqual(['what became of orders or of leavings was not stored']);
    isFull = false;
    await turn();
    expect(stored).toHaveLength(1);
    expect(said).toHaveLength(1);
  });
});
