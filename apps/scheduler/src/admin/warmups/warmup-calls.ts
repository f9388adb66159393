import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { canonical, type WarmupMessage, type WarmupsMessage } from '#contracts';
import type { NewWarmup, Warmup, WarmupCounts, Warmups } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import { Semaphore } from '../../transport/limits/semaphore.js';
import { type Caller, checkConditions, checkNoIfMatch } from '../../transport/access/caller.js';
import { SerialQueue } from '../idempotency/serial-queue.js';
import { Written, Writes } from '../idempotency/writes.js';
import type { WarmupBody } from './warmup-requests.js';
import { WallTimes } from '../../transport/wall-times.js';

/** Bound of warm-ups that have not ended. */
const MAX_OPEN = 100;

/** Has Nest hand over the warm-ups of this process. */
export const WARMUPS = Symbol('Warmups');

/** Starts warm-ups, tells of them and cancels them. */
@Injectable()
export class WarmupCalls {
  /** Starts go one after another, so that the bound holds. */
  private readonly starts = new SerialQueue();
  /** Each reads all that are kept, with all their models. */
  private readonly lists = new Semaphore(2, TOO_MANY_LISTS);

  constructor(
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(WARMUPS) private readonly warmups: Warmups,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /**
   * Stores the audit record, then the warm-up. A crash between the two leaves a record without a warm-up; the same start with the
   * same key then adds it.
   */
  start({ models }: WarmupBody, caller: Caller): Promise<Written<WarmupMessage>> {
    checkConditions(caller);
    return this.starts.take(() => this.startNow(models, caller), caller.signal);
  }

  /** How far it is. Starts nothing. */
  async get(id: string): Promise<WarmupMessage> {
    return warmupView(await this.find(id));
  }

  /** All that are kept, the newest first. Throws `queue_full` where too many lists are being read. */
  async list(): Promise<WarmupsMessage> {
    const giveBack = this.lists.take();
    try {
      const newestFirst = (await this.warmups.list()).toSorted((one, other) => (one.at > other.at ? -1 : 1));
      return { items: newestFirst.map(warmupSummary) };
    } finally {
      giveBack();
    }
  }

  /** No other model of it is begun; what is being loaded stays. One that has ended stays as it is. */
  async cancel(id: string, caller: Caller): Promise<Written<WarmupMessage>> {
    const { warmups, writes } = this;
    const found = await this.find(id);
    const cancelled: Warmup = found.endedAt === null ? { ...found, state: 'cancelled' } : found;
    const view = (): WarmupMessage => warmupView(cancelled);
    const operation = { method: 'DELETE', path: `/v1/warmups/${id}`, body: null, caller, present: view };
    const written = await writes.perform(operation, () => {
      checkNoIfMatch(caller);
      return { changes: [], ordered: { warmup: id }, status: 202, view, commit: () => undefined };
    });
    const { durable } = await warmups.cancel(id);
    return new Written(written.status, written.body, written.isDurable && durable);
  }

  private async startNow(models: readonly string[], caller: Caller): Promise<Written<WarmupMessage>> {
    const { times, warmups, writes } = this;
    const { credential } = caller;
    const at = new Date(times.wallNow()).toISOString();
    const warmup: NewWarmup = { id: idFor(models, caller), at, credential, models };
    const known = await warmups.get(warmup.id);
    const isFull = known === undefined && (await this.open()) >= MAX_OPEN;
    const operation = {
      ...{ method: 'POST', path: '/v1/warmups', body: { models }, caller },
      present: () => warmupView(known ?? unbegun(warmup)),
    };
    const written = await writes.perform(operation, () => {
      checkNoIfMatch(caller);
      if (isFull) throw new Refused(FULL);
      const view = (): WarmupMessage => warmupView(unbegun(warmup));
      return { changes: [], ordered: { warmup: warmup.id }, status: 202, view, commit: () => undefined };
    });
    // One that is there already stays as it is; what is told is whether it is durable by now.
    const { durable } = await warmups.add(warmup);
    return new Written(written.status, written.body, written.isDurable && durable);
  }

  counts(): Promise<WarmupCounts> {
    return this.warmups.counts();
  }

  private async open(): Promise<number> {
    const { waiting, running } = await this.counts();
    return waiting + running;
  }

  private async find(id: string): Promise<Warmup> {
    const found = await this.warmups.get(id);
    if (found) return found;
    throw new Refused({ reason: 'unknown_warmup', detail: `there is no warm-up ${id}`, members: { id } });
  }
}

const TOO_MANY_LISTS = {
  reason: 'queue_full',
  detail: 'too many lists are being read',
  retryAfter: 1_000,
} as const;

const FULL = {
  reason: 'queue_full',
  detail: `${MAX_OPEN} warm-ups have not ended, and more may not wait`,
  retryAfter: 60_000,
} as const;

/** The same start with the same Idempotency-Key has the same id, so that it adds one warm-up, however often it comes. */
function idFor(models: readonly string[], { credential, idempotencyKey }: Caller): string {
  const text = canonical([credential, idempotencyKey, models]);
  const digest = createHash('sha256').update(text).digest('hex');
  return `wu_${(idempotencyKey === null ? randomBytes(16).toString('hex') : digest).slice(0, 32)}`;
}

/** A warm-up as it is told. */
function warmupView(warmup: Warmup): WarmupMessage {
  const { models, ends } = warmup;
  return {
    ...warmupSummary(warmup),
    models: models.map((model, nth) => {
      const end = ends[nth] ?? null;
      if (end === null) return { model, state: 'waiting', reason: null };
      return end === 'ready'
        ? { model, state: 'ready', reason: null }
        : { model, state: 'failed', reason: end };
    }),
  };
}

/** The same without its models. */
function warmupSummary({ id, state, at, endedAt, ends }: Warmup): WarmupsMessage['items'][number] {
  const ready = ends.filter((end) => end === 'ready').length;
  const left = ends.filter((end) => end === null).length;
  return { id, state, createdAt: at, endedAt, ready, failed: ends.length - ready - left, left };
}

/** One of which nothing has begun. */
const unbegun = (warmup: NewWarmup): Warmup => ({
  ...warmup,
  state: 'waiting',
  ends: warmup.models.map(() => null),
  endedAt: null,
});
