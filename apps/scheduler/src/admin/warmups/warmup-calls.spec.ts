import { beforeEach, describe, expect, it } from '@jest/globals';
import { ANONYMOUS } from '#access';
import type { NewWarmup, Warmup, Warmups } from '#engine';
import { openStore } from '#store';
import { MemoryRows } from '#triton-simulator';
import { emptyAudit } from '../../../../../test/support/empty-audit.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { WallTimes } from '../../transport/wall-times.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { Writes } from '../idempotency/writes.js';
import { WarmupCalls } from './warmup-calls.js';

const MODELS = ['a', 'b'];
const CALLER = { ...ANONYMOUS, idempotencyKey: 'night', ifMatch: null, signal: new AbortController().signal };

describe('a warm-up that is started again with its Idempotency-Key', () => {
  /** Those of a queue that has replicas of its own. */
  let kept: Map<string, NewWarmup>;
  let isConfirmed: boolean;
  let calls: WarmupCalls;

  beforeEach(async () => {
    [kept, isConfirmed] = [new Map(), true];
    const warmups = {
      add: async ({ id, ...warmup }: NewWarmup) => {
        if (!kept.has(id)) kept.set(id, { id, ...warmup });
        return { durable: isConfirmed };
      },
      get: async (id: string): Promise<Warmup | undefined> => {
        const found = kept.get(id);
        return found && { ...found, state: 'running', ends: ['ready', null], endedAt: null };
      },
      counts: async () => ({ waiting: 0, running: kept.size, failed: 0 }),
    };
    const store = await openStore(new MemoryRows(), { fleet: 'berth' });
    const idempotencyKeys = new IdempotencyKeys({
      store: store.declarations,
      given: new Map(),
      wallNow: () => 0,
    });
    const writes = new Writes(store.declarations, { idempotencyKeys, audit: emptyAudit() }, new Lifecycle());
    calls = new WarmupCalls(
      new WallTimes(
        () => 0,
        () => 0,
      ),
      warmups as unknown as Warmups,
      writes,
    );
  });

  const start = () => calls.start({ models: MODELS }, CALLER);

  it('is told as not durable until replicas have confirmed it', async () => {
    isConfirmed = false;
    const first = await start();
    const again = await start();
    expect([first.isDurable, again.isDurable]).toEqual([false, false]);
    isConfirmed = true;
    expect((await start()).isDurable).toBe(true);
  });

  it('is told again, as far as it is, and no second one is begun', async () => {
    const [first, again] = [await start(), await start()];
    expect(again.body).toMatchObject({ id: first.body.id, ready: 1, left: 1 });
    expect(kept.size).toBe(1);
  });
});
