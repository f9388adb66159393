/** One real Triton server for tests, through its deaths and restarts. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealTritonLayout } from '../../tools/real-triton/install.mjs';
import { EVENTS_VARIABLE, writeModel, type ModelFolder } from '../../tools/real-triton/models.mjs';
import {
  launchTriton,
  PortTaken,
  sparePorts,
  tailOf,
  type LaunchSettings,
  type TritonExit,
  type TritonPorts,
} from '../../tools/real-triton/server.mjs';
import { PATIENCE_MS } from '../../tools/patience.mjs';
import { isOver, send, within } from './ending.js';
import { NAME, removeSharedMemory, type Stub, stubsOnThisHost } from './real-triton-traces.js';

const PORT_ATTEMPTS = 5;
const PORT_RETRY_MS = 200;
const STUBS_GONE_MS = 3_000;
const POLL_MS = 20;

/** What a model wrote down about itself. Each of the three has a second word for its end. */
export interface ModelEvent {
  readonly what: 'initialize' | 'initialized' | 'execute' | 'executed' | 'finalize' | 'finalized';
  readonly at: Date;
  readonly pid: number;
}

/** Where a server keeps what is its own. */
export interface Place {
  readonly folder: string;
  readonly repository: string;
}

interface Running {
  readonly pid: number;
  readonly exited: Promise<TritonExit>;
}

type Chosen = Pick<LaunchSettings, 'id' | 'controlMode' | 'loadThreads' | 'extraArgs' | 'liveWithinMs'>;

/** One server, through its deaths and restarts: its ports, repository, log and id stay the same. */
export class RealTriton {
  private ports: TritonPorts = { http: 0, grpc: 0, metrics: 0 };
  private running: Running | undefined;
  private readonly sharedMemoryPrefix = `${NAME}-${process.pid}-${randomBytes(4).toString('hex')}_`;

  constructor(
    private readonly layout: RealTritonLayout,
    private readonly place: Place,
    private readonly chosen: Chosen,
  ) {}

  get id(): string {
    return this.chosen.id;
  }

  get grpc(): string {
    return `127.0.0.1:${this.ports.grpc}`;
  }

  get http(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get metrics(): string {
    return `http://127.0.0.1:${this.ports.metrics}/metrics`;
  }

  get repository(): string {
    return this.place.repository;
  }

  get pid(): number {
    return this.current().pid;
  }

  /** The end of what it wrote since its first start. */
  log(): string {
    return existsSync(this.logFile) ? tailOf(this.logFile) : '';
  }

  /** How it ended, once it does; for servers that crash by themselves. */
  exited(): Promise<TritonExit> {
    return this.current().exited;
  }

  /** Ends it by a signal it can answer, and waits for as long as Triton's own exit may take. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<TritonExit> {
    const { pid, exited } = this.current();
    if (!(await isOver(exited))) send(pid, signal);
    const exit = await within(PATIENCE_MS, exited);
    await this.clearAway(exited, pid);
    if (exit === undefined)
      throw new Error(`Triton ${this.id} ignored ${signal} for ${PATIENCE_MS} ms\n${this.log()}`);
    return exit;
  }

  /** Ends it as a crash would, and waits until its models' processes are gone too. */
  kill(): Promise<TritonExit> {
    return this.stop('SIGKILL');
  }

  /** A new process in the place of the old one, which is stopped first if it still runs. Nothing is loaded in it. */
  async restart(): Promise<void> {
    await this.stop();
    await retryTakenPorts(() => this.launch());
  }

  async addModel(model: ModelFolder): Promise<void> {
    await writeModel(this.repository, model);
  }

  /** Takes the folder out of the repository, with all its times as they are. */
  async removeModelDirectory(name: string): Promise<void> {
    await mkdir(this.removed, { recursive: true });
    await rename(join(this.repository, name), join(this.removed, name));
  }

  async restoreModelDirectory(name: string): Promise<void> {
    await rename(join(this.removed, name), join(this.repository, name));
  }

  /** The processes that hold the model, one for each instance of each copy, hidden copies included. */
  stubPids(model: string): number[] {
    const instances = this.stubs().filter((stub) => stub.model === model && stub.instance !== model);
    return instances.map((stub) => stub.pid);
  }

  events(model: string): ModelEvent[] {
    const file = join(eventsIn(this.place.folder), `${model}.log`);
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8').trimEnd().split('\n').map(asModelEvent);
  }

  /** How often a copy of the model began to initialise here, since the first start. */
  initialisations(model: string): number {
    return this.events(model).filter((event) => event.what === 'initialize').length;
  }

  /** For the kit: what `start` of the kit ends with. */
  async startOnSparePorts(): Promise<void> {
    await retryTakenPorts(async () => {
      const [http, grpc, metrics] = (await sparePorts(3)) as [number, number, number];
      this.ports = { http, grpc, metrics };
      await this.launch();
    });
  }

  /** For the kit: the end of it and of all its files. */
  async discard(): Promise<void> {
    if (this.running !== undefined) await this.kill();
    await rm(this.place.folder, { recursive: true, force: true });
  }

  private async launch(): Promise<void> {
    this.running = await launchTriton(this.layout, {
      ...this.chosen,
      ports: this.ports,
      repository: this.repository,
      sharedMemoryPrefix: this.sharedMemoryPrefix,
      env: { [EVENTS_VARIABLE]: eventsIn(this.place.folder) },
      logFile: this.logFile,
    });
  }

  private current(): Running {
    if (this.running === undefined) throw new Error(`Triton ${this.id} was never started`);
    return this.running;
  }

  private async clearAway(exited: Promise<TritonExit>, pid: number): Promise<void> {
    if (!(await isOver(exited))) send(pid, 'SIGKILL');
    await exited;
    const giveUpAt = Date.now() + STUBS_GONE_MS;
    while (this.stubs().length > 0 && Date.now() < giveUpAt) await sleep(POLL_MS);
    for (const stub of this.stubs()) send(stub.pid, 'SIGKILL');
    removeSharedMemory((name) => name.startsWith(this.sharedMemoryPrefix));
  }

  private stubs(): Stub[] {
    return stubsOnThisHost().filter((stub) => stub.sharedMemory.startsWith(this.sharedMemoryPrefix));
  }

  private get logFile(): string {
    return join(this.place.folder, 'log');
  }

  private get removed(): string {
    return `${this.repository}.removed`;
  }
}

function asModelEvent(line: string): ModelEvent {
  const [what, seconds, pid] = line.split(' ');
  return { what: what as ModelEvent['what'], at: new Date(Number(seconds) * 1_000), pid: Number(pid) };
}

async function retryTakenPorts(start: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      await sleep(PORT_RETRY_MS);
    }
  }
}

/** Where its models write down what they do. */
export function eventsIn(folder: string): string {
  return join(folder, 'events');
}
