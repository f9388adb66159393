import 'reflect-metadata';
import { pino } from 'pino';
import type { ModelId } from '#core';
import type { Leadership, ModelServer } from '#engine';
import { RowWarmups, openStore, type Row, type RowWrite, type Store } from '#store';
import { Metrics } from '#telemetry';
import { FakeElections, MemoryRows } from '#triton-simulator';
import { dependenciesOf } from '../../apps/scheduler/src/bootstrap/dependencies.js';
import { LeaderTerm } from '../../apps/scheduler/src/bootstrap/term/leader-term.js';
import type { SharedByTerms } from '../../apps/scheduler/src/bootstrap/term/term-inputs.js';
import { LeaderLoop } from '../../apps/scheduler/src/cluster/leadership/leader-loop.js';
import { WatchedTable } from '../../apps/scheduler/src/cluster/replication/watched-table.js';
import { PressureMonitor } from '../../apps/scheduler/src/transport/limits/pressure-monitor.js';
import { Terms } from '../../apps/scheduler/src/cluster/leadership/per-term.js';
import { OFF } from './access-off.js';
import { configOf } from './config-of.js';
import { Shelf } from './shelf.js';
import { until } from './until.js';

const LOG = pino({ level: 'silent' });

/** Lets an answer through when its time has come. */
type Gate = <T>(of: Promise<T>) => Promise<T>;
export const open: Gate = (of) => of;

/** Rows of which each answer comes when the gate lets it. */
class GatedRows extends MemoryRows {
  constructor(
    texts: Map<string, string>,
    private readonly gate: Gate,
  ) {
    super(texts);
  }

  override async *read(prefix: string): AsyncIterable<Row> {
    await this.gate(Promise.resolve());
    yield* super.read(prefix);
  }

  override get(key: string): Promise<string | undefined> {
    return this.gate(super.get(key));
  }

  override write(batch: readonly RowWrite[]) {
    return this.gate(super.write(batch));
  }
}

/** A server that has one model in its repository, and answers when the gate lets it. */
class GatedServer implements ModelServer {
  readonly loaded: string[] = [];
  isClosed = false;
  private readonly shelf: Shelf;

  constructor(
    model: string,
    private readonly gate: Gate,
    private readonly now: () => number,
  ) {
    this.shelf = new Shelf([model]);
  }

  async load(model: ModelId): Promise<readonly string[]> {
    this.loaded.push(model);
    await this.gate(Promise.resolve());
    this.shelf.set(model, 'READY');
    return ['1'];
  }

  async unload(): Promise<void> {
    await this.gate(Promise.resolve());
  }

  look() {
    return this.gate(Promise.resolve(this.shelf.look(this.now(), 'full', true)));
  }

  describe(): Promise<never> {
    return Promise.reject(new Error('this server does not tell'));
  }

  probe(): Promise<boolean> {
    return Promise.resolve(true);
  }

  watch(listener: (fact: 'connected') => void): void {
    listener('connected');
  }

  close(): void {
    this.isClosed = true;
  }
}

export const config = configOf(
  'servers: [{ id: s, grpc: "127.0.0.1:1", metrics: null }]\nhttp: 127.0.0.1:0\ngrpc: 127.0.0.1:0\n',
);

/** Each term has one model of its own, in its rows and in the repository of the server. */
export const ownOf = (term: number): string => `own-${term}`;

async function rowsOf(term: number): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const store = await openStore(new MemoryRows(texts), { fleet: config.fleet });
  await store.declarations.write([{ kind: 'model', name: ownOf(term), value: { revision: 1, spec: {} } }]);
  await store.close();
  return texts;
}

/** What a process is made of whose terms have other rows and other servers. */
export class Gated {
  gate: Gate = open;
  term = 0;
  readonly servers: GatedServer[] = [];
  readonly texts = new Map<number, Map<string, string>>();
  private readonly gated: Gate = (of) => this.gate(of);

  async shared(): Promise<SharedByTerms> {
    const outside = dependenciesOf(config, {
      log: LOG,
      access: OFF,
      openServer: () => {
        const server = new GatedServer(ownOf(this.term), this.gated, () => outside.clock.now());
        this.servers.push(server);
        return server;
      },
    });
    const warmups = await RowWarmups.open(new MemoryRows(), () => undefined);
    const { clock } = outside;
    return {
      ...{ outside, warmups },
      metrics: new Metrics({ now: () => clock.now(), process: false, isInsecureListen: false }),
      pressure: new PressureMonitor(null, config.limits.shedAtLagMs, LOG),
      routes: new WatchedTable({ clock, bound: 1_000 }),
    };
  }

  async openStore(leadership: Leadership): Promise<Store> {
    this.term = leadership.term;
    const texts = this.texts.get(this.term) ?? (await rowsOf(this.term));
    this.texts.set(this.term, texts);
    return openStore(new GatedRows(texts, this.gated), { fleet: config.fleet, leadership });
  }
}

/** A process that has led from its start. */
export class Process extends Gated {
  readonly elections = new FakeElections();

  private constructor(
    readonly terms: Terms,
    private loop: LeaderLoop | null = null,
  ) {
    super();
  }

  static async start(): Promise<Process> {
    const process = new Process(new Terms({ isEnding: false }, true));
    const { elections, terms } = process;
    const shared = await process.shared();
    const { outside, metrics } = shared;
    const candidate = elections.candidate({ peer: 'p', http: 'http://127.0.0.1:1', grpc: '127.0.0.1:1' });
    process.loop = new LeaderLoop({
      ...{ config: () => config, log: outside.log, metrics, terms, peers: { candidate, name: 'p' } },
      begin: async (won) =>
        await LeaderTerm.begin(shared, config, await process.openStore(won.leadership), {
          ...won,
          name: 'p',
        }),
    });
    await until(() => terms.leading !== null);
    return process;
  }

  async close(): Promise<void> {
    await this.loop?.close();
  }
}
