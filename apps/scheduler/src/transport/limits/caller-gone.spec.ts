import { EventEmitter, setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Written } from '#engine';
import { ANONYMOUS } from '#access';
import { emptyAudit } from '../../../../../test/support/empty-audit.js';
import { CallerGone, goneOverGrpc, abortSignalOf } from './caller-gone.js';
import { Lifecycle } from '../lifecycle.js';
import { TurnWatch } from '../../admin/models/turn-watch.js';
import { IdempotencyKeys } from '../../admin/idempotency/idempotency-keys.js';
import { Writes } from '../../admin/idempotency/writes.js';

const MOST = 1_000;

/** Writes to a store that takes one when the test says so. */
function aQueue() {
  const done: string[] = [];
  const stores: (() => void)[] = [];
  const store = {
    write: () => new Promise<Written>((resolve) => stores.push(() => resolve({ durable: true }))),
  };
  const idempotencyKeys = new IdempotencyKeys({
    store: { answer: async () => undefined },
    given: new Map(),
    wallNow: () => 0,
  });
  const writes = new Writes(store, { idempotencyKeys, audit: emptyAudit() }, new Lifecycle());
  const write = (path: string, signal = new AbortController().signal): Promise<unknown> => {
    const caller = { ...ANONYMOUS, idempotencyKey: null, ifMatch: null, signal };
    return writes.perform({ method: 'PUT', path, body: null, caller, present: () => null }, () => {
      const commit = (): void => void done.push(path);
      return { changes: [{ kind: 'freeze', value: null }], status: 200, view: () => null, commit };
    });
  };
  return { write, done, stores };
}

/** Tells any number of callers to leave. */
function aSignal(): AbortController {
  const gone = new AbortController();
  setMaxListeners(0, gone.signal);
  return gone;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a caller that has gone', () => {
  it('gives its place among the writes to another at once, and its write is not done', async () => {
    const { write, done, stores } = aQueue();
    const gone = aSignal();
    const first = write('first');
    const left = Array.from({ length: MOST - 1 }, () => write('left', gone.signal));
    await expect(write('refused')).rejects.toMatchObject({ facts: { reason: 'queue_full' } });
    gone.abort();
    const next = write('next');
    const outcomes = Promise.allSettled(left);
    for (const writing of [first, next]) {
      while (stores.length === 0) await turn();
      stores.shift()!();
      await writing;
    }
    expect(done).toEqual(['first', 'next']);
    for (const { status, ...more } of await outcomes) {
      expect([status, (more as PromiseRejectedResult).reason]).toEqual(['rejected', expect.any(CallerGone)]);
    }
  });

  it('is told so while the write before is still at the store, so that nothing is kept of its write', async () => {
    const { write, stores } = aQueue();
    const gone = aSignal();
    const first = write('first');
    const left = write('left', gone.signal);
    while (stores.length === 0) await turn();
    gone.abort();
    await expect(left).rejects.toBeInstanceOf(CallerGone);
    stores.shift()!();
    await first;
  });

  it('does not undo a write that has begun', async () => {
    const { write, done, stores } = aQueue();
    const gone = aSignal();
    const writing = write('first', gone.signal);
    while (stores.length === 0) await turn();
    gone.abort();
    stores.shift()!();
    await writing;
    expect(done).toEqual(['first']);
  });

  it('gives its place among those who wait for an order to another at once', async () => {
    const watch = new TurnWatch();
    const gone = aSignal();
    const order = (signal: AbortSignal) =>
      watch.admit(() => watch.until(() => false, 600_000, signal), 'too many');
    const left = Array.from({ length: MOST }, () => order(gone.signal));
    await expect(order(gone.signal)).rejects.toMatchObject({ facts: { reason: 'queue_full' } });
    gone.abort();
    await Promise.all(left);
    const later = [order(gone.signal), order(new AbortController().signal)];
    await later[0];
    watch.close();
    await later[1];
  });

  it('is known over HTTP by its connection, and over gRPC by its call', () => {
    const half = Object.assign(new EventEmitter(), { writableFinished: false });
    const whole = Object.assign(new EventEmitter(), { writableFinished: true });
    const signals = [half, whole].map((one) => abortSignalOf(one as unknown as ServerResponse));
    for (const one of [half, whole]) one.emit('close');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    const call = Object.assign(new EventEmitter(), { cancelled: false });
    const signal = goneOverGrpc(call);
    expect(signal.aborted).toBe(false);
    call.emit('cancelled');
    expect(signal.aborted).toBe(true);
    expect(goneOverGrpc({ cancelled: true, once: () => undefined }).aborted).toBe(true);
  });
});
