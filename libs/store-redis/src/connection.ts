import { setTimeout as sleep } from 'node:timers/promises';
import { type ChainableCommander, Redis } from 'ioredis';
import { clientOptions, type RedisOptions } from './redis-options.js';

/** A client that ended by itself is started again after so long, in ms. */
const RETRY_AFTER_MS = 200;
/** A replica has so long to confirm, in ms. */
const CONFIRM_MS = 500;

/** Redis does not take writes here: another server may. */
const ELSEWHERE = /^(READONLY|NOREPLICAS|LOADING|MASTERDOWN)\b/;

/** Redis, or a Sentinel, does not take our credentials. */
const REFUSED = /\b(WRONGPASS|NOAUTH|NOPERM)\b|invalid (username-password pair|password)/;

/** What a script returned, and whether as many replicas as wanted have what it wrote. */
export interface ScriptResult {
  readonly reply: readonly unknown[];
  readonly isConfirmed: boolean;
}

/** Whether Redis, or a Sentinel, does not take our credentials. */
export const isRefusal = (error: Error | null): error is Error =>
  error !== null && REFUSED.test(error.message);

/** What the lease and the rows need of a connection. */
export type RedisLink = Pick<Connection, 'generation' | 'run' | 'ask' | 'settled' | 'askAnew'>;

/** One connection to the Redis that takes writes. It connects again by itself until it is closed. */
export class Connection {
  /** Counts the times that it was connected. */
  generation = 0;
  /** The last error of the connection, for messages. */
  lastError: Error | null = null;
  readonly client: Redis;
  private isClosed = false;

  constructor(
    private readonly options: RedisOptions,
    /** A command rejects after so long, in ms. */
    private readonly patienceMs: number,
  ) {
    this.client = new Redis(clientOptions(options, patienceMs));
    this.client.on('error', (error: Error) => (this.lastError = error));
    this.client.on('ready', () => {
      this.generation += 1;
      this.lastError = null;
    });
    this.client.on('end', () => void this.connectAgain());
    this.connect();
  }

  /** Runs one script on the keys, and waits until the replicas have confirmed it, all in one go. */
  async run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<ScriptResult> {
    const { confirm } = this.options;
    const pipeline = this.client.pipeline().eval(script, keys.length, ...keys, ...args);
    const [ran, waited] = await this.exec(confirm > 0 ? pipeline.wait(confirm, CONFIRM_MS) : pipeline);
    const [error, reply] = ran ?? [new Error('Connection is closed.'), null];
    if (error !== null) throw error;
    const isConfirmed = confirm === 0 || (waited?.[0] === null && Number(waited[1]) >= confirm);
    if (!isConfirmed) this.askAnew();
    return { reply: Array.isArray(reply) ? reply : [reply], isConfirmed };
  }

  /** Asks by a command of one's own. Where Redis does not take it here another server is asked from then on. */
  async ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.client);
    } catch (error) {
      if (ELSEWHERE.test((error as Error).message)) this.askAnew();
      throw error;
    }
  }

  /** Resolves once it is connected, or after a while where it is not. */
  async settled(): Promise<void> {
    const giveUpAt = performance.now() + this.patienceMs;
    while (this.isUndecided && performance.now() < giveUpAt) await sleep(20);
  }

  /** Looks anew for the server that takes writes. */
  askAnew(): void {
    if (!this.isClosed && this.client.status === 'ready') this.client.disconnect(true);
  }

  close(): void {
    this.isClosed = true;
    this.client.disconnect();
  }

  private get isUndecided(): boolean {
    return this.client.status !== 'ready' && !this.isClosed && !isRefusal(this.lastError);
  }

  private async exec(pipeline: ChainableCommander): Promise<[Error | null, unknown][]> {
    const results = (await pipeline.exec()) ?? [];
    if (results.some(([error]) => error !== null && ELSEWHERE.test(error.message))) this.askAnew();
    return results;
  }

  private connect(): void {
    this.client.connect().catch(() => undefined);
  }

  private async connectAgain(): Promise<void> {
    await sleep(RETRY_AFTER_MS);
    if (!this.isClosed && this.client.status === 'end') this.connect();
  }
}
