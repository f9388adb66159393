import {
  type Row,
  type Rows,
  type RowWrite,
  StoreUnavailable,
  TermOver,
  WriteQueue,
  type Written,
} from '#store';
import type { RedisLink } from './connection.js';
import type { Keys } from './keys.js';
import { isOnRequest, kindOf, RowCopy } from './row-copy.js';
import { InTime } from './in-time.js';
import { WRITE } from './scripts/write.js';

/** The keys of what is declared, and of what goes with it, begin so. */
const TOLD = 'told/';

/** Rows in one question. */
const PAGE = 1_000;

/** The term of the rows, where they are, and what hears of what they meet. */
interface TermNews {
  readonly term: number;
  readonly place: string;
  /** A later term is stored: this one is over. */
  readonly onHigherTerm: (term: number) => void;
  /** A write that was refused is stored all the same: what is stored is not what this term knows, and the next one has to begin. */
  readonly onFound: (term: number) => void;
  /** Redis had lost so many writes: the rows of the copy were written again. */
  readonly onLoss: (writes: number) => void;
}

/**
 * The rows of one term in Redis, a hash for each kind. Each batch is one script: it is carried out where no later term is
 * stored and the last write is the one that is known here.
 */
export class RedisRows implements Rows {
  private copy = new RowCopy();
  private readonly queue: WriteQueue;
  private last = '';
  private writes = 0;
  private tries = 0;
  /** Writes that were lost and are not logged yet: a rewrite that was not answered may be there. */
  private lost = 0;
  /** Whether something that was told was written, and not answered. */
  private isAnyRefused = false;
  private isClosed = false;
  private readonly inTime: InTime;

  private constructor(
    private readonly connection: RedisLink,
    private readonly keys: Keys,
    private readonly news: TermNews,
    now: () => number,
  ) {
    this.inTime = new InTime(connection, now);
    this.queue = new WriteQueue(this.news.place, (batch) => this.reach(() => this.writeNow(batch)));
  }

  get place(): string {
    return this.news.place;
  }

  /** Reads the copy. Rejects with `StoreUnavailable` where Redis fails, or a later term is stored. */
  static async open(
    connection: RedisLink,
    keys: Keys,
    news: TermNews,
    now: () => number = () => performance.now(),
  ): Promise<RedisRows> {
    const rows = new RedisRows(connection, keys, news, now);
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
    const copy = new RowCopy();
    const { writes, last } = await this.head();
    for (const kind of await this.kinds()) {
      if (!isOnRequest(kind)) copy.apply(await this.scan(kind, ''));
    }
    const after = await this.head();
    if (after.writes !== writes || after.last !== last)
      throw new Error('it changed while its rows were read');
    Object.assign(this, { copy, writes, last });
  }

  /** Where the writes are. Rejects where the server has another term than ours: another one takes the writes, or it lost some. */
  private async head(): Promise<{ readonly writes: number; readonly last: string }> {
    const { meta } = this.keys;
    const [term, writes, last] = await this.connection.ask((client) =>
      client.hmget(meta, 'term', 'writes', 'last'),
    );
    const stored = Number(term ?? 0);
    if (stored > this.news.term) throw this.isOver(stored);
    if (stored < this.news.term) {
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

  /**
   * A write that was not answered may be there: then the term is over where it was of what is declared, and else the copy is read
   * anew. After another write of ours it is there or never will be, as it expects the same last write.
   */
  private async writeNow(batch: readonly RowWrite[]): Promise<Written> {
    const id = this.nextId();
    const { reply, isConfirmed } = await this.send(id, batch, [], this.last);
    if (reply[0] === 'written') return this.written(id, batch, isConfirmed);
    const [stored, last] = [Number(reply[1]), String(reply[2])];
    if (stored <= this.writes || !isOwn(last, this.news.term)) return this.writeAll(batch, stored, last);
    if (this.isAnyRefused) throw this.found();
    await this.load();
    return this.writeNow(batch);
  }

  /** Redis has lost writes: what it has of the rows that are in the copy is replaced. */
  private async writeAll(batch: readonly RowWrite[], stored: number, last: string): Promise<Written> {
    this.lost = Math.max(this.lost, 1, this.writes - stored);
    const rows: RowWrite[] = [...this.copy.rows(), ...batch];
    const kinds = new Set([...(await this.kinds()), ...rows.map(({ key }) => kindOf(key))]);
    const id = this.nextId();
    const emptied = [...kinds].filter((kind) => !isOnRequest(kind));
    const { reply, isConfirmed } = await this.send(id, rows, emptied, last);
    if (reply[0] !== 'written') throw new Error('another write came between');
    return this.written(id, batch, isConfirmed);
  }

  private found(): StoreUnavailable {
    if (this.lost > 0) this.news.onLoss(this.lost);
    this.news.onFound(this.news.term);
    return new StoreUnavailable(
      `a write that was refused is in the store in ${this.news.place}: another term begins`,
    );
  }

  private written(id: string, batch: readonly RowWrite[], isConfirmed: boolean): Written {
    this.copy.apply(batch);
    this.writes += 1;
    this.last = id;
    this.isAnyRefused = false;
    if (this.lost > 0) this.news.onLoss(this.lost);
    this.lost = 0;
    return { durable: isConfirmed };
  }

  /** Rejects where a later term is stored. */
  private async send(id: string, batch: readonly RowWrite[], emptied: readonly string[], last: string) {
    const rows = batch.flatMap(({ key, text }) => [kindOf(key), key, text === null ? 0 : 1, text ?? '']);
    const { meta, kinds, rows: prefix } = this.keys;
    const args = [this.news.term, last, this.writes + 1, id, prefix, emptied.length, ...emptied, ...rows];
    const result = await this.inTime.run(WRITE, [meta, kinds], args).catch((error: unknown) => {
      this.isAnyRefused ||= batch.some(({ key }) => key.startsWith(TOLD));
      throw error;
    });
    if (result.reply[0] === 'term') throw this.isOver(Number(result.reply[1]));
    return result;
  }

  private nextId(): string {
    this.tries += 1;
    return `${this.news.term}.${this.tries}`;
  }

  private isOver(term: number): StoreUnavailable {
    this.news.onHigherTerm(term);
    return new TermOver(`the store in ${this.news.place} belongs to a later term: another peer leads`);
  }

  private async reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.connection.settled();
      return await work();
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause;
      throw new StoreUnavailable(`the store in ${this.news.place} failed: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  private refuseClosed(): void {
    if (this.isClosed) throw new Error(`the store in ${this.news.place} is closed`);
  }
}

/** Whether a kind may have rows whose keys begin so. */
const overlaps = (kind: string, prefix: string): boolean =>
  kind.startsWith(prefix) || prefix.startsWith(kind);

const isOwn = (id: string, term: number): boolean => id.startsWith(`${term}.`);

const byBytes = (one: Row, other: Row): number =>
  Buffer.compare(Buffer.from(one.key), Buffer.from(other.key));
