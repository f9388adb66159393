import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FaultProxy } from '../../support/fault-proxy.js';
import { sparePort } from '../../support/spare-port.js';
import type { RedisView } from './view.js';

const MAIN = fileURLToPath(new URL('../../../apps/scheduler/src/main.js', import.meta.url));
const WALL = fileURLToPath(new URL('wall.mjs', import.meta.url));
const POLL_MS = 50;

/** One Berth among several, a process of its own. What it says of itself goes through links that can be cut. */
export class ChaosBerth {
  private child: ChildProcess | undefined;
  private isStopped = false;
  private hasBegun = false;
  /** How often it was ended or held. */
  outages = 0;
  /** Whether it was ended as by a power cut: its recordings may be cut off. */
  wasKilled = false;

  private constructor(
    readonly name: string,
    readonly folder: string,
    readonly view: RedisView,
    private readonly ports: { readonly http: number; readonly grpc: number },
    /** How the other peers reach its HTTP and its gRPC. */
    readonly links: readonly FaultProxy[],
  ) {}

  static async make(name: string, folder: string, view: RedisView): Promise<ChaosBerth> {
    await mkdir(folder, { recursive: true });
    const ports = { http: await sparePort(), grpc: await sparePort() };
    const links = [await FaultProxy.start({ to: ports.http }), await FaultProxy.start({ to: ports.grpc })];
    return new ChaosBerth(name, folder, view, ports, links);
  }

  /** The base URL of its HTTP, as gateways reach it. */
  get http(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** Whether it serves and is not held where it is. */
  get isUp(): boolean {
    return this.hasBegun && this.isRunning && !this.isStopped;
  }

  get turns(): string {
    return join(this.folder, 'turns');
  }

  get log(): string {
    return join(this.folder, 'log');
  }

  /** Writes its configuration: what all have, and what is its own. */
  async configure(shared: object, redis: object): Promise<void> {
    const { http, grpc } = this.ports;
    const sentinels = this.view.sentinels.map(({ port }) => `127.0.0.1:${port}`);
    const config = {
      ...shared,
      http: `127.0.0.1:${http}`,
      grpc: `127.0.0.1:${grpc}`,
      data: join(this.folder, 'data'),
      recorder: { dir: this.turns, maxFileMb: 64, files: 1000 },
      redis: { ...redis, sentinels },
      peer: {
        name: this.name,
        http: `http://127.0.0.1:${this.links[0]!.port}`,
        grpc: `127.0.0.1:${this.links[1]!.port}`,
      },
    };
    await writeFile(join(this.folder, 'berth.json'), JSON.stringify(config));
  }

  /** Starts it; resolves once it says that it lives. */
  async start(): Promise<void> {
    const env = { BERTH_CONFIG: join(this.folder, 'berth.json'), WALL_JUMP: join(this.folder, 'jump') };
    const child = spawn(process.execPath, ['--import', WALL, MAIN], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Also one that is stopped does not outlive a run that is ended.
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    child.once('exit', () => process.off('exit', end));
    this.child = child;
    this.isStopped = false;
    const log = createWriteStream(this.log, { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    while (!(await answersOk(`${this.http}/health/live`))) {
      if (!this.isRunning) throw new Error(`${this.name} ended at its start: see ${this.log}`);
      await sleep(POLL_MS);
    }
    this.hasBegun = true;
  }

  isReady(): Promise<boolean> {
    return answersOk(`${this.http}/health/ready`);
  }

  /** Whether it says that it leads. */
  async leads(): Promise<boolean> {
    if (!this.isUp) return false;
    const text = await textOf(`${this.http}/metrics`);
    return /^berth_leader(?:\{[^}]*\})? 1$/m.test(text);
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    this.wasKilled ||= signal === 'SIGKILL';
    this.hasBegun = false;
    this.outages += 1;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Holds it where it is. */
  stop(): void {
    this.isStopped = true;
    this.outages += 1;
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.isStopped = false;
    this.child?.kill('SIGCONT');
  }

  /** Has its wall clock be so far ahead of the machine's. */
  async jump(ms: number): Promise<void> {
    await writeFile(join(this.folder, 'jump'), `${ms}`);
    this.child?.kill('SIGUSR2');
  }

  async close(): Promise<void> {
    this.resume();
    await this.kill('SIGTERM');
    await Promise.all(this.links.map((link) => link.close()));
    await this.view.close();
  }

  private get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }
}

async function answersOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  await answer?.body?.cancel().catch(() => undefined);
  return answer?.ok === true;
}

const textOf = async (url: string): Promise<string> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) })
    .then((answer) => answer.text())
    .catch(() => '');
