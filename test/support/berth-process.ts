import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { PATIENCE_MS } from '../../tools/patience.mjs';
import { sparePort } from './spare-port.js';
import { checkRecordedTurns, recordingTo } from './recorded-turns.js';

/**
 * Berth as its users run it: a process of its own, from `dist/`, on spare loopback ports and a state folder that
 * goes away. What a spec started and left running is ended after its last test.
 */

const MAIN = fileURLToPath(new URL('../../dist/apps/scheduler/src/main.js', import.meta.url));
const POLL_MS = 25;
const LOG_CHARS = 64 * 1024;

export interface BerthOptions {
  /** What the config file says, beside the recorder. */
  readonly config?: object;
  readonly flags?: readonly string[];
  /** What is run; without it what the product starts with. */
  readonly main?: string;
  /** A state folder that outlives the process; without it one is made, and removed at the end. */
  readonly dataDir?: string;
  /** Whether it has peers: then it may end without a turn, since another process has decided. */
  readonly hasPeers?: boolean;
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface BerthAnswer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** Read as JSON where the answer says that it is, else the text. */
  readonly body: Body;
}

export interface BerthEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const started = new Set<BerthProcess>();

afterAll(async () => {
  await Promise.all([...started].map((berth) => berth.remove()));
});

/** Resolves once the process says that it lives; rejects with its log where it does not come up. */
export async function startBerth(options: BerthOptions = {}): Promise<BerthProcess> {
  if (!existsSync(MAIN)) throw new Error('dist/ has no scheduler: run `npm run build` first');
  const folder = await mkdtemp(join(tmpdir(), 'berth-'));
  const [httpPort, grpcPort] = [await sparePort(), await sparePort()];
  const berth = new BerthProcess(options, folder, `127.0.0.1:${httpPort}`, `127.0.0.1:${grpcPort}`);
  started.add(berth);
  await berth.start();
  return berth;
}

export class BerthProcess {
  readonly dataDir: string;
  private child: ChildProcess | undefined;
  private text = '';
  /** Whether a life of it ended as by a power cut: then its recording may be cut off. */
  private killed = false;

  constructor(
    private readonly options: BerthOptions,
    private readonly folder: string,
    /** `host:port`, as is `grpc`. */
    readonly http: string,
    readonly grpc: string,
  ) {
    this.dataDir = options.dataDir ?? join(folder, 'data');
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('Berth is not running');
    return this.child.pid;
  }

  /** The end of what it wrote, over all its lives. */
  log(): string {
    return this.text;
  }

  async start(): Promise<void> {
    const { flags = [], env = {}, main = MAIN } = this.options;
    const child = spawn(process.execPath, [main, ...flags], {
      cwd: this.folder,
      env: { ...process.env, ...(await this.settings()), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.text = (this.text + chunk.toString()).slice(-LOG_CHARS)));
    }
    this.child = child;
    await this.answersOk('/health/live');
  }

  /** Resolves once it says that it can answer for its fleet. */
  ready(): Promise<void> {
    return this.answersOk('/health/ready');
  }

  /** `body` is sent as it is where it is a string, else as JSON. */
  async request<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<BerthAnswer<Body>> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`http://${this.http}${path}`, {
      method,
      headers: { ...type, ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') && text !== '';
    return {
      status: answer.status,
      headers: answer.headers,
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  }

  /** Asks it to end, as an operator does. Rejects where it does not. */
  async stop(): Promise<BerthEnd> {
    const end = await this.end('SIGTERM');
    if (end) return end;
    await this.kill();
    throw new Error(`Berth did not end within ${PATIENCE_MS} ms of SIGTERM\n${this.text}`);
  }

  /** How it ended without being asked to. Rejects where it does not. */
  async ended(): Promise<BerthEnd> {
    const end = await this.end(null);
    if (!end) throw new Error(`Berth did not end within ${PATIENCE_MS} ms\n${this.text}`);
    return end;
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<BerthEnd> {
    this.killed = true;
    const end = await this.end('SIGKILL');
    if (!end) throw new Error('Berth outlived SIGKILL');
    return end;
  }

  /** The same state, the same addresses, a new process; stops the old one first where it still runs. */
  async restart(): Promise<void> {
    if (this.isRunning()) await this.stop();
    await this.start();
  }

  /**
   * Leaves nothing behind; `dataDir` stays where the caller gave it. Rejects where a turn that was taken broke a promise,
   * or would be taken differently again.
   */
  async remove(): Promise<void> {
    if (!started.delete(this)) return;
    if (this.isRunning()) await this.stop();
    try {
      if (!this.options.hasPeers || existsSync(this.turns))
        await checkRecordedTurns(this.turns, { wasKilled: this.killed });
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  /** Where its turns are recorded. */
  get turns(): string {
    return join(this.folder, 'turns');
  }

  private isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  private async settings(): Promise<Record<string, string | undefined>> {
    const file = join(this.folder, 'berth.yaml');
    const { config = {} } = this.options;
    // A machine that others keep busy makes any process lag, and what is tested here must not depend on that.
    const limits = { shedAtLagMs: null, ...('limits' in config ? (config.limits as object) : {}) };
    await writeFile(file, JSON.stringify({ ...recordingTo(this.turns), ...config, limits }));
    return {
      BERTH_HTTP: this.http,
      BERTH_GRPC: this.grpc,
      BERTH_DATA: this.dataDir,
      BERTH_CONFIG: file,
    };
  }

  /** Undefined where it still runs when its time is over. */
  private async end(signal: 'SIGTERM' | 'SIGKILL' | null): Promise<BerthEnd | undefined> {
    const child = this.child;
    if (!child) throw new Error('Berth was not started');
    if (this.isRunning()) {
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => undefined);
      if (signal) child.kill(signal);
      if (!(await ended)) return undefined;
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  private async answersOk(path: string): Promise<void> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (performance.now() < giveUpAt) {
      if (!this.isRunning()) throw new Error(`Berth ended before ${path} answered\n${this.text}`);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await fetch(`http://${this.http}${path}`, { signal }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await sleep(POLL_MS);
    }
    throw new Error(`Berth: no success from ${path} within ${PATIENCE_MS} ms\n${this.text}`);
  }
}
