import { type Row, type Rows, type RowWrite, StoreUnavailable, type Written } from '#kept';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { isOnRequest, kindOf, RowCopy } from './row-copy.js';
import { WRITE } from './scripts/write.js';
import { WriteQueue } from './write-queue.js';

/** So many rows are asked for at once. */
const PAGE = 1_000;

/** Hears of what the rows of a term meet. */
export interface RowsNews {
  /** A later term is stored: this one is over. */
  readonly onHigherTerm: (term: number) => void;
  /** Redis had lost so many writes: the rows of the copy were written again. */
  readonly onLoss: (writes: number) => void;
}

/** A write of which it is not known whether Redis has it. */
interface Doubt {
  readonly id: string;
  readonly batch: readonly RowWrite[];
}

/**
 * The rows of one term in Redis, a hash for each kind. Each batch is one script: it is carried out where no later term is
 * stored and the last write is the one that is known here.
 */
export class RedisRows implements Rows {
  private readonly copy = new RowCopy();
  private readonly queue: WriteQueue;
  private doubt: Doubt | null = null;
  private last = '';
  private writes = 0;
  private tries = 0;
  private isClosed = false;

  private constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly term: number,
    private readonly news: RowsNews,
    readonly place: string,
  ) {
    this.queue = new WriteQueue(place, (batch) => this.reach(() => this.writeNow(batch)));
  }

  /** Reads the copy. Rejects with `StoreUnavailable` where Redis fails, or a later term is stored. */
  static async open(
    connection: Connection,
    keys: Keys,
    { term, place, ...news }: RowsNews & { readonly term: number; readonly place: string },
  ): Promise<RedisRows> {
    const rows = new RedisRows(connection, keys, term, news, place);
    await rows.reach(() => rows.load());
    return rows;
  }

  async *read(prefix: string): AsyncIterable<Row> {
    this.refuseClosed();
    const rows = await this.reach(() => this.rowsOf(prefix));
    for (const row of rows.toSorted(byBytes)) yield row;
  }

  async get(key: string): Promise<string | undefined> {
    this.refuseClosed();
    if (!isOnRequest(key)) return this.copy.get(key);
    const text = await this.reach(async () => {
      const found = await this.connection.ask((client) => client.hget(this.keys.rows + kindOf(key), key));
      await this.head();
      return found;
    });
    return text ?? undefined;
  }

  async write(batch: readonly RowWrite[]): Promise<Written> {
    if (batch.length === 0) return { durable: true };
    this.refuseClosed();
    return this.queue.add(batch);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.queue.idle();
  }

  private async load(): Promise<void> {
    const { writes, last } = await this.head();
    for (const kind of await this.kinds()) {
      if (!isOnRequest(kind)) this.copy.apply(await this.scan(kind, ''));
    }
    const after = await this.head();
    if (after.writes !== writes || after.last !== last)
      throw new Error('it changed while its rows were read');
    [this.writes, this.last] = [writes, last];
  }

  /** Where the writes are. Rejects where the server has another term than ours: another one takes the writes, or it lost some. */
  private async head(): Promise<{ readonly writes: number; readonly last: string }> {
    const { meta } = this.keys;
    const [term, writes, last] = await this.connection.ask((client) =>
      client.hmget(meta, 'term', 'writes', 'last'),
    );
    const stored = Number(term ?? 0);
    if (stored > this.term) throw this.isOver(stored);
    if (stored < this.term) {
      this.connection.askAnew();
      throw new Error('it does not have the present term: it is asked anew which server takes writes');
    }
    return { writes: Number(writes ?? 0), last: last ?? '' };
  }

  private async rowsOf(prefix: string): Promise<Row[]> {
    const kinds = (await this.kinds()).filter((kind) => isOnRequest(kind) && overlaps(kind, prefix));
    const rows = this.copy.rows(prefix);
    for (const kind of kinds) rows.push(...(await this.scan(kind, prefix)));
    await this.head();
    return rows;
  }

  private kinds(): Promise<string[]> {
    return this.connection.ask((client) => client.hkeys(this.keys.kinds));
  }

  private async scan(kind: string, prefix: string): Promise<Row[]> {
    const found = new Map<string, string>();
    for (let cursor = '0'; ;) {
      const [next, page] = await this.connection.ask((client) =>
        client.hscan(this.keys.rows + kind, cursor, 'COUNT', PAGE),
      );
      for (let at = 0; at < page.length; at += 2) found.set(page[at]!, page[at + 1]!);
      if (next === '0') break;
      cursor = next;
    }
    return Array.from(found, ([key, text]) => ({ key, text })).filter(({ key }) => key.startsWith(prefix));
  }

  /** A write in doubt is settled first: after a write of our own, it is there or never will be. */
  private async writeNow(batch: readonly RowWrite[]): Promise<Written> {
    if (this.doubt !== null) await this.carryOut([], 0);
    return this.carryOut(batch, 0);
  }

  private async carryOut(batch: readonly RowWrite[], turn: number): Promise<Written> {
    const id = this.nextId();
    const { reply, isConfirmed } = await this.send(id, batch, [], this.last);
    if (reply[0] === 'written') return this.written(id, batch, isConfirmed);
    if (reply[0] === 'term') throw this.isOver(Number(reply[1]));
    const [stored, last] = [Number(reply[1]), String(reply[2])];
    if (last === this.doubt?.id && turn < 2) {
      this.written(last, this.doubt.batch, false);
      return this.carryOut(batch, turn + 1);
    }
    if (isOwn(last, this.term) && stored === this.writes + 1 && turn < 2) {
      this.written(last, [], false);
      return this.carryOut(batch, turn + 1);
    }
    return this.writeAll(batch, stored, last);
  }

  /** Redis has lost writes: what it has of the rows that are in the copy is replaced. */
  private async writeAll(batch: readonly RowWrite[], stored: number, last: string): Promise<Written> {
    const lost = Math.max(1, this.writes - stored);
    const rows: RowWrite[] = [...this.copy.rows(), ...batch];
    const kinds = new Set([...(await this.kinds()), ...rows.map(({ key }) => kindOf(key))]);
    const id = this.nextId();
    const emptied = [...kinds].filter((kind) => !isOnRequest(kind));
    const { reply, isConfirmed } = await this.send(id, rows, emptied, last);
    if (reply[0] === 'term') throw this.isOver(Number(reply[1]));
    if (reply[0] !== 'written') throw new Error('another write came between');
    const written = this.written(id, batch, isConfirmed);
    this.news.onLoss(lost);
    return written;
  }

  private written(id: string, batch: readonly RowWrite[], isConfirmed: boolean): Written {
    this.copy.apply(batch);
    this.writes += 1;
    this.last = id;
    this.doubt = null;
    return { durable: isConfirmed };
  }

  /** From when it is sent until it is answered the write is in doubt. */
  private async send(id: string, batch: readonly RowWrite[], emptied: readonly string[], last: string) {
    const rows = batch.flatMap(({ key, text }) => [kindOf(key), key, text === null ? 0 : 1, text ?? '']);
    const { meta, kinds, rows: prefix } = this.keys;
    const args = [this.term, last, this.writes + 1, id, prefix, emptied.length, ...emptied, ...rows];
    try {
      return await this.connection.run(WRITE, [meta, kinds], args);
    } catch (error) {
      if (batch.length > 0) this.doubt ??= { id, batch };
      throw error;
    }
  }

  private nextId(): string {
    this.tries += 1;
    return `${this.term}.${this.tries}`;
  }

  private isOver(term: number): StoreUnavailable {
    this.news.onHigherTerm(term);
    return new StoreUnavailable(`the store in ${this.place} belongs to a later term: another peer leads`);
  }

  private async reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.connection.settled();
      return await work();
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause;
      throw new StoreUnavailable(`the store in ${this.place} failed: ${(cause as Error).message}`, { cause });
    }
  }

  private refuseClosed(): void {
    if (this.isClosed) throw new Error(`the store in ${this.place} is closed`);
  }
}

/** Whether a kind may have rows whose keys begin so. */
const overlaps = (kind: string, prefix: string): boolean =>
  kind.startsWith(prefix) || prefix.startsWith(kind);

const isOwn = (id: string, term: number): boolean => id.startsWith(`${term}.`);

const byBytes = (one: Row, other: Row): number =>
  Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));
