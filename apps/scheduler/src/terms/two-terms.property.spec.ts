import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { ANONYMOUS } from '#access';
import { type Config, readConfig } from '#config';
import type { ModelId } from '#core';
import { Engine, type Leadership, type ModelServer, soleLeadership } from '#engine';
import { KeptWarmups, openStore, type Row, type RowWrite, type Store, StoreUnavailable } from '#kept';
import { FakeElections, MemoryRows } from '#testing';
import { OFF } from '../../../../test/support/access-off.js';
import { Shelf } from '../../../../test/support/shelf.js';
import { until } from '../../../../test/support/until.js';
import { AuditList, auditListSchema } from '../audit/audit-list.js';
import { completeParts } from '../default-parts.js';
import { Freezes } from '../fleet/freezes.js';
import { ModelList } from '../models/model-list.js';
import { ModelOrders } from '../models/model-orders.js';
import { ModelWrites } from '../models/model-writes.js';
import { modelListSchema } from '../pages.js';
import { Planner } from '../planning/planner.js';
import { type CompleteParts, lastingOf } from '../reigns/lasting.js';
import { Reigns } from '../reigns/reigns.js';
import type { Caller } from '../writes/caller.js';
import { LeaderTerm } from './leader-term.js';
import { PerTerm } from './per-term.js';
import { ProcessTerms } from './process-terms.js';

const LOG = pino({ level: 'silent' });
const CALLER: Caller = {
  ...ANONYMOUS,
  idempotencyKey: null,
  ifMatch: null,
  gone: new AbortController().signal,
};

type Gate = <T>(of: Promise<T>) => Promise<T>;
const open: Gate = (of) => of;

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

const config: Config = (() => {
  const text =
    'servers: [{ id: s, grpc: "127.0.0.1:1", metrics: null }]\nhttp: 127.0.0.1:0\ngrpc: 127.0.0.1:0\n';
  const read = readConfig({
    file: { path: 'berth.yaml', text },
    env: {},
    flags: { triton: [] },
    files: new Map(),
  });
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.config;
})();

/** Each term has one model of its own, in its rows and in the repository of the server. */
const ownOf = (term: number): string => `own-${term}`;

async function rowsOf(term: number): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const store = await openStore(new MemoryRows(texts), { fleet: config.fleet });
  await store.declarations.write([{ kind: 'model', name: ownOf(term), value: { revision: 1, spec: {} } }]);
  await store.close();
  return texts;
}

/** What a process is made of whose terms have other rows and other servers. */
class Gated {
  gate: Gate = open;
  term = 0;
  readonly servers: GatedServer[] = [];
  readonly texts = new Map<number, Map<string, string>>();
  private readonly gated: Gate = (of) => this.gate(of);

  async parts(): Promise<CompleteParts> {
    const given = completeParts(config, {
      log: LOG,
      access: OFF,
      openServer: () => {
        const server = new GatedServer(ownOf(this.term), this.gated, () => given.clock.now());
        this.servers.push(server);
        return server;
      },
    });
    const warmups = await KeptWarmups.open(new MemoryRows(), () => undefined);
    return { ...given, lasting: await lastingOf(config, given), warmups };
  }

  async openStore(leadership: Leadership): Promise<Store> {
    this.term = leadership.term;
    const texts = this.texts.get(this.term) ?? (await rowsOf(this.term));
    this.texts.set(this.term, texts);
    return openStore(new GatedRows(texts, this.gated), { fleet: config.fleet, leadership });
  }
}

/** A process that has led from its start. */
class Process extends Gated {
  readonly elections = new FakeElections();

  private constructor(
    readonly terms: ProcessTerms,
    private reigns: Reigns | null = null,
  ) {
    super();
  }

  static async start(): Promise<Process> {
    const process = new Process(new ProcessTerms({ isEnding: false }, true));
    const { elections, terms } = process;
    const parts = await process.parts();
    const candidate = elections.candidate({ peer: 'p', http: 'http://127.0.0.1:1', grpc: '127.0.0.1:1' });
    const openStore = (leadership: Leadership): Promise<Store> => process.openStore(leadership);
    const peers = { candidate, name: 'p', warmups: parts.warmups, openStore, close: async () => undefined };
    process.reigns = new Reigns({ config: () => config, parts, peers, terms });
    await until(() => terms.leading !== null);
    return process;
  }

  async close(): Promise<void> {
    await this.reigns?.close();
  }
}

/** What was asked, and which term led then. */
interface Asked {
  readonly name: string;
  readonly term: number;
  readonly outcome: Promise<readonly PromiseSettledResult<unknown>[]>;
}

/** The kinds of calls, as handlers make them: each takes its class of the present term once. */
function callsOf(terms: ProcessTerms): readonly ((own: string, name: string) => Promise<unknown>)[] {
  const writes = new PerTerm(terms, ModelWrites);
  const orders = new PerTerm(terms, ModelOrders);
  const models = new PerTerm(terms, ModelList);
  const audit = new PerTerm(terms, AuditList);
  const freezes = new PerTerm(terms, Freezes);
  const planner = new PerTerm(terms, Planner);
  const { signal: gone } = new AbortController();
  const plan = { models: {}, pins: {}, lost: [], drained: [], withinMs: 1_000 };
  return [
    async (_, name) => writes.certain.put(name, {}, CALLER),
    async (own) => orders.certain.load(own, { waitMs: 100 }, CALLER),
    async () => models.certain.page(modelListSchema.parse({}), JSON.stringify, gone),
    async () => audit.now.page(auditListSchema.parse({}), gone),
    async (own) => freezes.certain.freeze({ reason: own }, CALLER),
    async (own) => planner.now.plan({ ...plan, asked: [own] }, 'tenant'),
  ];
}

describe('two terms of one process, with other rows in each', () => {
  it('are never mixed, wherever calls, loads, looks and writes are as one follows the other', async () => {
    const seen = new Set<string>();
    const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const process = await Process.start();
      const { terms } = process;
      const first = terms.leading;
      process.gate = (of) => scheduler.schedule(of);
      const asked: Asked[] = [];
      const changed = (async () => {
        for (let left = 3; left > 0; left -= 1) await scheduler.schedule(Promise.resolve());
        process.elections.depose();
        await until(() => terms.leading !== null && terms.leading !== first);
      })();
      const kinds = callsOf(terms);
      const calls = [...kinds, ...kinds, ...kinds].map(async (call, nth) => {
        for (let left = 3 * nth; left >= 0; left -= 1) await scheduler.schedule(Promise.resolve());
        if (nth >= 2 * kinds.length) await changed;
        const term = terms.leading === null ? 0 : terms.leading === first ? 1 : 2;
        const name = `call-${nth}`;
        asked.push({ name, term, outcome: Promise.allSettled([call(ownOf(term), name)]) });
      });
      await scheduler.waitFor(Promise.all([changed, ...calls]));
      await scheduler.waitFor(Promise.all(asked.map(({ outcome }) => outcome)));
      process.gate = open;
      await scheduler.waitIdle();
      for (const said of await check(process, asked)) seen.add(said);
      await process.close();
    });
    await fc.assert(property, { numRuns: 20 });
    expect([...seen]).toEqual(expect.arrayContaining(['1 fulfilled', '2 fulfilled']));
  }, 60_000);
});

/** Nothing of one term is in what another one stores, orders, knows or answers. Tells what became of calls, by their terms. */
async function check({ servers, terms, texts }: Process, asked: readonly Asked[]): Promise<string[]> {
  const strange = (term: number): string[] => [
    ownOf(3 - term),
    ...asked.filter((one) => one.term !== term).map(({ name }) => `${name}"`),
  ];
  const isClean = (term: number, said: unknown): void => {
    const text = JSON.stringify(said);
    for (const one of strange(term)) expect(text).not.toContain(one);
  };
  for (const [term, kept] of texts) isClean(term, [...kept.values(), ...[...kept.keys()].map((key) => key)]);
  servers.forEach(({ loaded }, at) => isClean(at + 1, loaded));
  isClean(2, [...terms.now.get(Engine).fleet.models.keys()]);
  const said: string[] = [];
  for (const { term, outcome } of asked)
    for (const one of await outcome) {
      if (one.status === 'fulfilled') isClean(term, one.value);
      said.push(`${term} ${one.status}`);
    }
  return said;
}

describe('the beginning of a term that fails', () => {
  it('leaves nothing of itself at whichever step, and may be tried again', async () => {
    const process = new Gated();
    const parts = await process.parts();
    for (let step = 0, hasBegun = false; !hasBegun; step += 1) {
      let left = step;
      process.gate = async (of) => {
        await of.catch(() => undefined);
        if ((left -= 1) === -1) throw new StoreUnavailable('memory', new Error(`step ${step}`));
        return of;
      };
      process.term = 1;
      const timers = timersNow();
      const begun = await process
        .openStore(soleLeadership(1))
        .then((store) => LeaderTerm.begin(config, parts, store, null))
        .catch((error: unknown) => (expect(error).toBeInstanceOf(StoreUnavailable), null));
      process.gate = open;
      if (begun === null) {
        expect(process.servers.every(({ isClosed }) => isClosed)).toBe(true);
        expect(timersNow()).toBe(timers);
        continue;
      }
      hasBegun = true;
      expect(step).toBeGreaterThan(3);
      await begun.stop('shutting_down');
      await begun.close();
      expect(process.servers.every(({ isClosed }) => isClosed)).toBe(true);
    }
  });
});

const timersNow = (): number =>
  globalThis.process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
