import { strict as assert } from 'node:assert';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import {
  carryOutWarmup,
  ENDED_KEPT_MS,
  ENDED_WARMUPS,
  type NewWarmup,
  type Warmup,
  type WarmEnd,
  WARMUP_TRIES,
  type WarmupCounts,
  warmupRetryAfter,
  type Warmups,
  WARMUPS_AT_A_TIME,
  type WarmupWork,
  type Written,
} from '#engine';
import type { Rows, RowWrite } from './rows.js';
import { readTable, rowWrite, type Table } from './table.js';
import { VALUES } from './values.js';

type Told = Omit<NewWarmup, 'id'> & { readonly isCancelled?: true };
type Progress = z.infer<typeof VALUES.warmupProgress>;
type Ended = NonNullable<Progress['ended']>;

const TOLD: Table<Told> = { prefix: 'told/warmup/', schema: VALUES.toldWarmup };
const PROGRESS: Table<Progress> = { prefix: 'told/warmup-progress/', schema: VALUES.warmupProgress };

/** One that is kept: what was asked for, and how far it is. */
interface Entry {
  told: Told;
  progress: Progress;
  /** Whether it is under way, or waits for its next try. */
  isTaken: boolean;
}

/** What warm-ups in rows are told of time. */
export interface RowWarmupOptions {
  /** Milliseconds since 1970. */
  readonly wallNow?: () => number;
  /** How long one waits after so many tries that failed, in milliseconds. */
  readonly retryAfter?: (tries: number) => number;
}

/** Warm-ups that this process keeps in its rows and does by itself. All of them are in memory too, within their bounds. */
export class RowWarmups implements Warmups {
  private readonly ending = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private work: WarmupWork | undefined;

  private constructor(
    private readonly rows: Rows,
    private readonly entries: Map<string, Entry>,
    private readonly options: RowWarmupOptions,
  ) {
    // Each load that is waited for listens for the end.
    setMaxListeners(0, this.ending.signal);
  }

  /** Reads what the rows hold. `onDamage` hears of rows that make no sense: they are left out. */
  static async open(
    rows: Rows,
    onDamage: (key: string) => void,
    options: RowWarmupOptions = {},
  ): Promise<RowWarmups> {
    const told = await readTable(rows, TOLD);
    const progress = await readTable(rows, PROGRESS);
    for (const key of [...told.damaged, ...progress.damaged]) onDamage(key);
    const entries = Array.from(told.values, ([id, value]): [string, Entry] => {
      const known = progress.values.get(id);
      const fits = known?.ends.length === value.models.length;
      return [id, { told: value, progress: fits ? known : unbegun(value.models.length), isTaken: false }];
    });
    return new RowWarmups(rows, new Map(entries.sort(byAge)), options);
  }

  async add({ id, ...told }: NewWarmup): Promise<Written> {
    if (this.entries.has(id)) return { durable: true };
    const written = await this.rows.write([rowWrite(TOLD, id, told)]);
    if (!this.entries.has(id)) {
      this.entries.set(id, { told, progress: unbegun(told.models.length), isTaken: false });
      this.takeNext();
    }
    return written;
  }

  get(id: string): Promise<Warmup | undefined> {
    const entry = this.entries.get(id);
    return Promise.resolve(entry && warmupOf(id, entry));
  }

  list(): Promise<readonly Warmup[]> {
    return Promise.resolve(Array.from(this.entries, ([id, entry]) => warmupOf(id, entry)));
  }

  async cancel(id: string): Promise<Written> {
    const entry = this.entries.get(id);
    if (entry === undefined || entry.progress.ended !== null) return { durable: true };
    const told = { ...entry.told, isCancelled: true as const };
    const written = await this.rows.write([rowWrite(TOLD, id, told)]);
    entry.told = told;
    this.takeNext();
    return written;
  }

  begin(work: WarmupWork): void {
    assert(this.work === undefined, 'warm-ups are begun once');
    this.work = work;
    this.takeNext();
  }

  counts(): Promise<WarmupCounts> {
    const counts = { waiting: 0, running: 0, failed: 0 };
    for (const [id, entry] of this.entries) {
      const { state, endedAt } = warmupOf(id, entry);
      if (state === 'failed') counts.failed += 1;
      else if (endedAt === null) counts[entry.isTaken ? 'running' : 'waiting'] += 1;
    }
    return Promise.resolve(counts);
  }

  async close(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.underWay);
  }

  private takeNext(): void {
    const { work } = this;
    if (work === undefined) return;
    for (const [id, entry] of this.entries) {
      if (this.ending.signal.aborted || this.underWay.size >= WARMUPS_AT_A_TIME) return;
      if (entry.isTaken || entry.progress.ended !== null) continue;
      entry.isTaken = true;
      const run = this.run(id, entry, work).finally(() => {
        entry.isTaken = false;
        this.underWay.delete(run);
        this.takeNext();
      });
      this.underWay.add(run);
    }
  }

  /** Does one until it has ended, with a wait after each try that failed. Ends early where the process does. */
  private async run(id: string, entry: Entry, work: WarmupWork): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted && entry.progress.ended === null) {
      try {
        await this.end(id, entry, await this.attempt(id, entry, work));
      } catch {
        if (signal.aborted) return;
        await this.failed(id, entry);
      }
    }
    if (entry.progress.ended !== null) work.onEnd(id, entry.progress.ended.state);
  }

  private attempt(id: string, entry: Entry, work: WarmupWork): Promise<'done' | 'cancelled'> {
    return carryOutWarmup(
      { id, ...entry.told, ends: entry.progress.ends },
      {
        warm: (...asked) => work.warm(...asked),
        isCancelled: () => Promise.resolve(entry.told.isCancelled === true),
        note: (ends) => this.note(id, entry, { ...entry.progress, ends: [...ends] }),
        signal: this.ending.signal,
      },
    );
  }

  /** The number of tries is kept in memory where the store does not take it. */
  private async failed(id: string, entry: Entry): Promise<void> {
    const tries = entry.progress.tries + 1;
    entry.progress = { ...entry.progress, tries };
    if (tries >= WARMUP_TRIES && (await this.end(id, entry, 'failed').then(isSo, isNotSo))) return;
    const wait = (this.options.retryAfter ?? warmupRetryAfter)(Math.min(tries, WARMUP_TRIES));
    await sleep(wait, undefined, { signal: this.ending.signal, ref: false }).catch(isNotSo);
  }

  /** Stores that it has ended, and makes room: the oldest of those that have ended go. */
  private async end(id: string, entry: Entry, state: Ended['state']): Promise<void> {
    const now = (this.options.wallNow ?? Date.now)();
    const ended = { at: new Date(now).toISOString(), state };
    const old = this.oldEnded(now);
    const removals = old.flatMap((one) => [rowWrite(TOLD, one, null), rowWrite(PROGRESS, one, null)]);
    await this.note(id, entry, { ...entry.progress, ended }, removals);
    for (const one of old) this.entries.delete(one);
  }

  private async note(
    id: string,
    entry: Entry,
    progress: Progress,
    beside: readonly RowWrite[] = [],
  ): Promise<void> {
    await this.rows.write([rowWrite(PROGRESS, id, progress), ...beside]);
    entry.progress = progress;
  }

  /** Which make room for one more that has ended. */
  private oldEnded(now: number): string[] {
    const ended = [...this.entries].flatMap(([id, { progress }]) =>
      progress.ended === null ? [] : [{ id, at: Date.parse(progress.ended.at) }],
    );
    const oldestFirst = ended.sort((one, other) => one.at - other.at);
    const tooMany = ended.length + 1 - ENDED_WARMUPS;
    return oldestFirst
      .filter(({ at }, nth) => nth < tooMany || at + ENDED_KEPT_MS <= now)
      .map(({ id }) => id);
  }
}

const unbegun = (models: number): Progress => {
  return { ends: Array.from<WarmEnd>({ length: models }).fill(null), tries: 0, ended: null };
};

function warmupOf(id: string, { told, progress, isTaken }: Entry): Warmup {
  const { at, credential, models, isCancelled } = told;
  const { ends, ended } = progress;
  const isBegun = isTaken || ends.some((end) => end !== null);
  const present = isCancelled ? 'cancelled' : isBegun ? 'running' : 'waiting';
  const state = ended?.state ?? present;
  return { id, at, credential, models, ends, state, endedAt: ended?.at ?? null };
}

const byAge = ([, one]: [string, Entry], [, other]: [string, Entry]): number =>
  one.told.at < other.told.at ? -1 : 1;

const isSo = (): boolean => true;
const isNotSo = (): boolean => false;
