import { Worker } from 'node:worker_threads';

/** A statement with its parameters; without any it may be several statements. */
export type Step = readonly [sql: string, ...parameters: (string | number)[]];

/** What a query found: columns, blobs as texts. */
export type Columns = readonly (number | string | null)[];

/** What goes to and fro is a few MiB at most: the flags of the process, made for its own heap, would give the thread far more. */
const MEMORY = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

/** SQLite, or the thread, did not do what it was told to; `code` is that of SQLite or of the system, where one was given. */
export class SqlFailed extends Error {
  override readonly name: string = 'SqlFailed';
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

/** SQLite does not run: it could not be loaded, or its thread died. That says nothing of any file. */
export class SqlStopped extends SqlFailed {
  override readonly name = 'SqlStopped';
}

interface Call {
  resolve(result: unknown): void;
  reject(error: SqlFailed): void;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code?: string; readonly message: string };
}

/**
 * One connection to one SQLite file, in a thread of its own. Calls are served in their order. It keeps the process alive only
 * while one is under way. Once the thread died, its files are closed, and calls are refused until `open` has started another.
 */
export class SqlThread {
  private worker = this.start();
  private readonly calls = new Map<number, Call>();
  private last = 0;
  private died: SqlStopped | undefined;
  private isOver = false;

  /** Opens a file in place of the one that is open. `settings` are SQLite's pragmas, for tests. */
  async open(path: string, mayMake: boolean, settings: readonly string[] = []): Promise<void> {
    await this.revive();
    await this.call({ kind: 'open', path, mayMake, settings });
  }

  /** Statements one after the other; the first that fails ends it. */
  async run(steps: readonly Step[]): Promise<void> {
    await this.call({ kind: 'run', steps });
  }

  /** What a query finds: the first rows, as many as have so many bytes. */
  async all(
    sql: string,
    parameters: readonly (string | number)[] = [],
    mostBytes = Infinity,
  ): Promise<readonly Columns[]> {
    return (await this.call({ kind: 'all', sql, parameters, mostBytes })) as readonly Columns[];
  }

  /** Closes the files and ends the thread. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.call({ kind: 'close' }).catch(() => undefined);
    await this.worker.terminate();
  }

  private start(): Worker {
    const worker = new Worker(new URL('./sql-worker.mjs', import.meta.url), {
      execArgv: [],
      resourceLimits: MEMORY,
    });
    worker.unref();
    let isLoaded = false;
    worker.once('message', () => (isLoaded = true));
    worker.on('message', (reply: Reply) => this.hear(reply));
    worker.on('error', ({ message }) => this.die(isLoaded ? died(message) : notLoaded(message)));
    worker.on('exit', () => this.die(died('it has ended')));
    return worker;
  }

  /** The files of the old thread are closed once it is gone: until then it may hold the lock of a transaction. */
  private async revive(): Promise<void> {
    if (!this.died || this.isOver) return;
    await this.worker.terminate();
    this.worker = this.start();
    this.died = undefined;
  }

  private call(message: object): Promise<unknown> {
    if (this.died) return Promise.reject(this.died);
    return new Promise((resolve, reject) => {
      this.last += 1;
      this.calls.set(this.last, { resolve, reject });
      this.worker.ref();
      this.worker.postMessage({ id: this.last, ...message });
    });
  }

  private hear({ id, result, error }: Reply): void {
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (this.calls.size === 0) this.worker.unref();
    if (error) call?.reject(new SqlFailed(error.message, error.code));
    else call?.resolve(result);
  }

  private die(why: SqlStopped): void {
    this.died ??= why;
    for (const call of this.calls.values()) call.reject(this.died);
    this.calls.clear();
  }
}

const died = (why: string): SqlStopped => new SqlStopped(`the thread of SQLite died: ${why}`);

export const notLoaded = (why: string): SqlStopped =>
  new SqlStopped(
    `SQLite could not be loaded on ${process.platform}-${process.arch} (${why}). Its binary is an optional dependency of the ` +
      'package libsql, which npm chooses by the platform: install with `npm ci` without `--omit=optional`, on the machine where Berth runs',
  );
