import { strict as assert } from 'node:assert';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, WaitingError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import {
  carryOutWarmup,
  ENDED_KEPT_MS,
  ENDED_WARMUPS,
  type NewWarmup,
  type Warmup,
  WARMUP_TRIES,
  type WarmupCounts,
  warmupRetryAfter,
  type Warmups,
  WARMUPS_AT_A_TIME,
  type WarmupWork,
  type Written,
} from '#engine';
import { StoreUnavailable } from '#store';
import { Connection } from '../connection.js';
import { placeText, type RedisOptions } from '../redis-options.js';
import { toDo, type WarmupData, type WarmupJob, warmupOf, type WarmupResult } from './warmup-job.js';
import { PATIENCE_MS, workerOptions } from './worker-options.js';

const QUEUE = 'warmups';
const LOCK_MS = 15_000;
const STALLED_EVERY_MS = 5_000;
const MAX_STALLS = 5;
const CONFIRM_MS = 500;
const CLOSE_MS = 3_000;
/** BullMQ tells of each step of each job in a stream, which nothing of ours reads. */
const MAX_EVENTS = 100;

/** The mark of one that is cancelled outlives its job, which has ended by then. */
const MARKED_S = 30 * 86_400;

export interface QueueWarmupOptions {
  /** Hears of what went wrong; it goes on by itself. */
  readonly onError?: (error: Error) => void;
  /** How long a warm-up waits after so many tries that failed, in ms. */
  readonly retryAfter?: (tries: number) => number;
}

/**
 * Warm-ups as jobs of BullMQ: any peer adds them, and any peer does them. The same job may be done by two peers at once, where
 * one was stopped for a while: loads may be ordered twice, and until one of them has ended its progress may fall back.
 */
export class QueueWarmups implements Warmups {
  private readonly prefix: string;
  private readonly connection: Connection;
  private readonly ending = new AbortController();
  private queue: Queue<WarmupData, WarmupResult> | undefined;
  private worker: Worker<WarmupData, WarmupResult> | undefined;
  /** BullMQ closes only what it has connected itself. */
  private workerClient: Redis | undefined;
  private readonly underWay = new Set<Promise<WarmupResult>>();

  constructor(
    private readonly redis: RedisOptions,
    private readonly options: QueueWarmupOptions = {},
  ) {
    this.prefix = `${redis.keyPrefix}:bull`;
    this.connection = new Connection(redis, PATIENCE_MS);
    // Each load that is waited for listens for the end.
    setMaxListeners(0, this.ending.signal);
  }

  async add({ id, ...data }: NewWarmup): Promise<Written> {
    return this.asked(async (queue) => {
      const { client, generation } = this.connection;
      // The mark of one of before that is not there any more says nothing of this one.
      if ((await queue.getJob(id)) === undefined) await client.del(this.markOf(id));
      await queue.add(QUEUE, data, {
        jobId: id,
        attempts: WARMUP_TRIES,
        backoff: { type: 'custom' },
        removeOnComplete: KEPT,
        removeOnFail: KEPT,
      });
      return { durable: await this.isConfirmed(generation) };
    });
  }

  async get(id: string): Promise<Warmup | undefined> {
    return this.asked(async (queue) => {
      const job = (await queue.getJob(id)) as WarmupJob | undefined;
      return job && this.told(queue, job);
    });
  }

  async list(): Promise<readonly Warmup[]> {
    return this.asked(async (queue) => {
      const jobs = (await queue.getJobs()) as (WarmupJob | undefined)[];
      return await Promise.all(jobs.flatMap((job) => (job ? [this.told(queue, job)] : [])));
    });
  }

  async cancel(id: string): Promise<Written> {
    return this.asked(async (queue) => {
      const { generation } = this.connection;
      const job = await queue.getJob(id);
      if (job === undefined || job.finishedOn !== undefined) return { durable: true };
      await this.connection.client.set(this.markOf(id), '1', 'EX', MARKED_S);
      return { durable: await this.isConfirmed(generation) };
    });
  }

  begin(work: WarmupWork): void {
    assert(this.worker === undefined, 'warm-ups are begun once');
    this.workerClient = new Redis(workerOptions(this.redis, this.ending.signal));
    const worker = new Worker<WarmupData, WarmupResult>(
      QUEUE,
      (job, token) => this.tracked(this.carryOut(job, token ?? '', work)),
      {
        connection: this.workerClient,
        prefix: this.prefix,
        concurrency: WARMUPS_AT_A_TIME,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_EVERY_MS,
        maxStalledCount: MAX_STALLS,
        settings: { backoffStrategy: (tries) => (this.options.retryAfter ?? warmupRetryAfter)(tries) },
      },
    );
    worker.on('error', (error) => this.options.onError?.(error));
    worker.on('completed', (job, { state }) => work.onEnd(job.id!, state));
    worker.on('failed', (job) => {
      if (job?.finishedOn) work.onEnd(job.id!, 'failed');
    });
    this.worker = worker;
  }

  async counts(): Promise<WarmupCounts> {
    return this.asked(async (queue) => {
      const { waiting = 0, delayed = 0, active = 0, failed = 0 } = await queue.getJobCounts();
      return { waiting: waiting + delayed, running: active, failed };
    });
  }

  /** Jobs under way go back to the queue: another peer takes them. Where Redis does not answer, they are left to it. */
  async close(): Promise<void> {
    this.ending.abort();
    await within(CLOSE_MS, Promise.allSettled(this.underWay));
    // Without force BullMQ may wait for ever for the end of a connection that has ended.
    await within(CLOSE_MS, this.worker?.close(true));
    await within(CLOSE_MS, this.queue?.close());
    this.connection.close();
    this.workerClient?.disconnect();
  }

  private async tracked(run: Promise<WarmupResult>): Promise<WarmupResult> {
    this.underWay.add(run);
    try {
      return await run;
    } finally {
      this.underWay.delete(run);
    }
  }

  private async carryOut(job: WarmupJob, token: string, work: WarmupWork): Promise<WarmupResult> {
    const { signal } = this.ending;
    const warmup = toDo(job);
    let { ends } = warmup;
    try {
      const state = await carryOutWarmup(warmup, {
        warm: (...asked) => work.warm(...asked),
        isCancelled: () => this.asked((queue) => this.isCancelled(queue, job.id!)),
        note: (known) => job.updateProgress([...(ends = known)]),
        signal,
      });
      return { state, ends };
    } catch (error) {
      if (signal.aborted) await within(CLOSE_MS, job.moveToWait(token));
      else if (await this.get(job.id!)) throw error;
      else work.onEnd(job.id!, 'lost');
      throw new WaitingError('this process ends, or the job is gone');
    }
  }

  private async told(queue: Queue<WarmupData, WarmupResult>, job: WarmupJob): Promise<Warmup> {
    return warmupOf(job, await this.isCancelled(queue, job.id!));
  }

  private async isCancelled(queue: Queue<WarmupData, WarmupResult>, id: string): Promise<boolean> {
    const { client } = this.connection;
    if ((await client.exists(this.markOf(id))) === 1) return true;
    // The version before marked the job.
    return (await client.hexists(queue.toKey(id), 'cancelled')) === 1;
  }

  private markOf(id: string): string {
    return `${this.redis.keyPrefix}:warmup-cancelled:${id}`;
  }

  /** Whether as many replicas as wanted have what was written on this connection. */
  private async isConfirmed(generation: number): Promise<boolean> {
    const { confirm } = this.redis;
    if (confirm === 0) return true;
    const confirmed = await this.connection.client.wait(confirm, CONFIRM_MS).catch(() => 0);
    return confirmed >= confirm && this.connection.generation === generation;
  }

  /** Rejects with `StoreUnavailable` where Redis does not answer in time; what was asked may be done all the same. */
  private async asked<T>(work: (queue: Queue<WarmupData, WarmupResult>) => Promise<T>): Promise<T> {
    const late = sleep(2 * PATIENCE_MS, LATE, { ref: false });
    try {
      const answer = await Promise.race([this.opened().then(work), late]);
      if (answer !== LATE) return answer;
    } catch (error) {
      throw new StoreUnavailable(`${placeText(this.redis)} does not take warm-ups`, { cause: error });
    }
    throw new StoreUnavailable(`${placeText(this.redis)} does not answer about warm-ups`);
  }

  /** A queue that is made before Redis has answered would never work. */
  private async opened(): Promise<Queue<WarmupData, WarmupResult>> {
    if (this.queue !== undefined) return this.queue;
    await this.connection.settled();
    const { client } = this.connection;
    if (client.status !== 'ready') throw this.connection.lastError ?? new Error('there is no connection');
    const streams = { events: { maxLen: MAX_EVENTS } };
    this.queue ??= new Queue(QUEUE, { connection: client, prefix: this.prefix, streams });
    this.queue.on('error', (error) => this.options.onError?.(error));
    return this.queue;
  }
}

const KEPT = { age: ENDED_KEPT_MS / 1_000, count: ENDED_WARMUPS };
const LATE = Symbol('late');

/** Gives up waiting after so long. What fails is left as it is. */
async function within(ms: number, ending: Promise<unknown> | undefined): Promise<void> {
  await Promise.race([ending?.catch(() => undefined), sleep(ms, undefined, { ref: false })]);
}
