import { describe, expect, it } from '@jest/globals';
import { type ContactFact, type Look, type Model, type ModelId, replicaId, type ServerId } from '#core';
import { aModel, aServer, nothingLearned, SOMEBODY } from '../../../test/support/builders.js';
import type { Answer, ResolveQuery } from './answer.js';
import { Engine } from './engine.js';
import type { Clock } from './ports/clock.js';
import type { Learned, LearnedChange, LearnedFacts } from './ports/learned.js';
import { type ModelServer, OrderRefused } from './ports/model-server.js';
import type { Turn } from './ports/observer.js';

/** Time stands still until the test moves it; what is due then runs. */
class StillClock implements Clock {
  time = 1_000;
  /** How far each turn moves it. */
  turnsTake = 0;
  private alarm: { at: number; ring: () => void } | undefined;

  now(): number {
    return this.time;
  }

  setAlarm(at: number, ring: () => void): void {
    this.alarm = { at, ring };
  }

  soon(task: () => void): void {
    setImmediate(task);
  }

  /** Moves time to the alarm and rings it. */
  ring(): void {
    if (!this.alarm || this.alarm.at === Infinity) throw new Error('no alarm is set');
    this.time = this.alarm.at;
    this.alarm.ring();
  }
}

/** A server with a memory of what was ordered; loads end when the test says so. */
class ObedientServer implements ModelServer {
  readonly loaded = new Set<ModelId>();
  readonly calls: string[] = [];
  isClosed = false;
  private listener: (fact: ContactFact) => void = () => undefined;
  private finish = new Map<
    ModelId,
    { done: (versions: readonly string[]) => void; fail: (error: Error) => void }
  >();

  constructor(
    private readonly clock: Clock,
    private readonly models: readonly ModelId[],
  ) {}

  load(model: ModelId): Promise<readonly string[]> {
    this.calls.push(`load ${model}`);
    return new Promise((done, fail) => this.finish.set(model, { done, fail }));
  }

  loadEnds(model: ModelId, error?: Error): void {
    if (error) return this.finish.get(model)?.fail(error);
    this.loaded.add(model);
    this.finish.get(model)?.done(['1']);
  }

  unload(model: ModelId): Promise<void> {
    this.calls.push(`unload ${model}`);
    this.loaded.delete(model);
    return Promise.resolve();
  }

  look(): Promise<Look> {
    const now = this.clock.now();
    const index = this.models.map((model) => {
      const isLoaded = this.loaded.has(model);
      return {
        model,
        version: isLoaded ? '1' : '',
        state: isLoaded ? ('READY' as const) : ('' as const),
        reason: '',
      };
    });
    const counts = { lastInference: 0, succeeded: 0, failed: 0, waited: 0, computed: 0, memory: [] };
    const serving = [...this.loaded].map((model) => ({ model, version: '1', ...counts }));
    const metrics = { gpus: [], hostMemory: null, pending: new Map() };
    return Promise.resolve({
      begunAt: now,
      endedAt: now,
      index,
      serving,
      metrics,
      mode: 'explicit' as const,
      serverVersion: null,
    });
  }

  describe(): Promise<never> {
    return Promise.reject(new Error('this server does not tell'));
  }

  probe(): Promise<boolean> {
    return Promise.resolve(true);
  }

  watch(listener: (fact: ContactFact) => void): void {
    this.listener = listener;
    this.listener('connected');
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Keeps learned facts in memory, and can be told to fail. */
class ForgetfulStore implements Learned {
  readonly written: LearnedChange[] = [];
  isBroken = false;

  read(): Promise<LearnedFacts> {
    return Promise.resolve(nothingLearned());
  }

  write(changes: readonly LearnedChange[]): Promise<void> {
    if (this.isBroken) return Promise.reject(new Error('disk full'));
    this.written.push(...changes);
    return Promise.resolve();
  }
}

const A = aModel('a');
const query = (parts: Partial<ResolveQuery> = {}): ResolveQuery => ({
  model: A.id,
  version: null,
  wait: null,
  lease: 10_000,
  class: null,
  avoid: [],
  tenant: SOMEBODY.tenant,
  ...parts,
});

/** Lets everything that is under way without time passing come to rest. */
const settle = async (): Promise<void> => {
  for (let round = 0; round < 10; round += 1) await new Promise((done) => setImmediate(done));
};

async function aRunningEngine(models: readonly Model[] = [A]) {
  const clock = new StillClock();
  const store = new ForgetfulStore();
  const turns: Turn[] = [];
  const engine = new Engine({
    clock,
    learned: store,
    leadership: { term: 7, mayAct: () => true },
    observers: [{ turnTaken: (turn) => void (turns.push(turn), (clock.time += clock.turnsTake)) }],
  });
  const server = new ObedientServer(
    clock,
    models.map(({ id }) => id),
  );
  engine.addServer(aServer('t', [10]), () => server);
  engine.tell(...models.map((model) => ({ kind: 'ModelDeclared', model }) as const));
  await settle();
  return { engine, clock, store, turns, server };
}

describe('an engine', () => {
  it('loads a cold model once for all who wait, and routes them when it is ready', async () => {
    const { engine, server } = await aRunningEngine();
    expect(engine.route(query())).toBeUndefined();
    const waiting = [1, 2, 3].map(() => engine.admit(query(), 60_000).answer);
    await settle();
    server.loadEnds(A.id);
    const answers = await Promise.all(waiting);
    expect(server.calls).toEqual(['load a']);
    expect(answers).toMatchObject(
      Array(3).fill({ kind: 'route', server: 't', version: '1', cold: true, term: 7 }),
    );
  });

  it('gives the route to a warm model without a turn, and tells of its use in the next one', async () => {
    const { engine, server, turns, clock } = await aRunningEngine();
    void engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id);
    await settle();
    const before = turns.length;
    clock.time += 100;
    expect(engine.route(query())).toMatchObject({ kind: 'route', cold: false, waited: 0 });
    expect(turns.length).toBe(before);
    engine.tell();
    await settle();
    expect(turns[before]?.events).toEqual([
      {
        kind: 'RoutesUsed',
        uses: [{ replica: 'a@t', at: clock.time, inUseUntil: clock.time + 10_000, routes: 1 }],
      },
    ]);
  });

  it('notes an order before it sends it, and sends none where that fails', async () => {
    const { engine, server, store, clock } = await aRunningEngine();
    store.isBroken = true;
    const { answer } = engine.admit(query({ wait: 0 }), 60_000);
    await settle();
    expect(await answer).toMatchObject({ kind: 'refusal', refusal: { reason: 'loading' } });
    expect(server.calls).toEqual([]);
    store.isBroken = false;
    void engine.admit(query(), 60_000);
    clock.time += 1_500;
    engine.tell();
    await settle();
    expect(server.calls).toEqual(['load a']);
    expect(store.written).toContainEqual({ kind: 'ordered', server: 't', value: ['a'] });
  });

  it('makes of an error whose meaning is unclear an unknown outcome, which only a look ends', async () => {
    const { engine, server, clock } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    server.loaded.add(A.id);
    clock.time += 1;
    server.loadEnds(A.id, new Error('deadline exceeded'));
    server.loaded.add(A.id);
    await settle();
    expect(await Promise.race([answer, settle().then(() => 'waiting')])).toMatchObject({ kind: 'route' });
    expect(server.calls).toEqual(['load a']);
  });

  it('tells the cause of a load that was refused', async () => {
    const { engine, server } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id, new OrderRefused('configuration', 'bad'));
    expect(await answer).toMatchObject({ refusal: { reason: 'load_failed', cause: 'configuration' } });
  });

  it('rings at the deadline of who waits', async () => {
    const { engine, clock } = await aRunningEngine();
    const { answer } = engine.admit(query({ wait: 30 }), 60_000);
    await settle();
    clock.ring();
    await settle();
    expect(await answer).toMatchObject({ refusal: { reason: 'loading' } });
    expect(clock.time).toBe(1_030);
  });

  it('takes no turn after a long one for as long as that took, and then one for all that was told meanwhile', async () => {
    const { engine, clock, turns } = await aRunningEngine();
    clock.turnsTake = 12;
    engine.tell();
    await settle();
    const before = turns.length;
    const told = clock.time;
    void engine.admit(query(), 60_000);
    clock.time += 11;
    void engine.admit(query(), 60_000);
    await settle();
    expect(turns.length).toBe(before);
    clock.ring();
    expect(turns.length).toBe(before + 1);
    expect(turns[before]).toMatchObject({
      now: told + 12,
      events: [{ kind: 'RequestArrived' }, { kind: 'RequestArrived' }],
    });
  });

  it('rests for no more than 20 ms, and not at all after a turn of less than 2 ms', async () => {
    const { engine, clock, turns } = await aRunningEngine();
    clock.turnsTake = 300;
    engine.tell();
    await settle();
    const ended = clock.time;
    clock.turnsTake = 1;
    engine.tell();
    clock.ring();
    expect(turns.at(-1)!.now).toBe(ended + 20);
    const before = turns.length;
    engine.tell();
    await settle();
    expect(turns.length).toBe(before + 1);
  });

  it('gives the route it has granted also where the same turn drains the replica for somebody who starves', async () => {
    const large = aModel('b', { gpuBytes: 8 });
    const { engine, server, clock } = await aRunningEngine([A, large]);
    const first = engine.admit(query(), 120_000).answer;
    await settle();
    void engine.admit(query({ model: large.id }), 120_000);
    await settle();
    clock.time += 31_000;
    engine.tell();
    await settle();
    server.loadEnds(A.id);
    await settle();
    expect(engine.fleet.replicas.get(replicaId(A.id, 't' as ServerId))?.phase).toBe('draining');
    const waited = settle().then(() => 'still waits');
    expect(await Promise.race([first, waited])).toMatchObject({ kind: 'route', server: 't', version: '1' });
  });

  it('forgets who has gone', async () => {
    const { engine } = await aRunningEngine();
    const pending = engine.admit(query(), 60_000);
    await settle();
    pending.cancel();
    await settle();
    expect(engine.fleet.waiting.size).toBe(0);
  });

  it('answers everybody when it stops, orders nothing more, and closes its connections', async () => {
    const { engine, server } = await aRunningEngine();
    const { answer } = engine.admit(query(), 60_000);
    await settle();
    engine.stop();
    expect(await answer).toMatchObject({ refusal: { reason: 'shutting_down' } });
    server.loadEnds(A.id);
    await settle();
    expect(server.calls).toEqual(['load a']);
    expect(server.isClosed).toBe(true);
    const late: Answer = await engine.admit(query(), 60_000).answer;
    expect(late).toMatchObject({ refusal: { reason: 'shutting_down' } });
  });

  it('forgets a server with all it holds when it is removed, and leaves the models loaded', async () => {
    const { engine, server } = await aRunningEngine();
    void engine.admit(query(), 60_000);
    await settle();
    server.loadEnds(A.id);
    await settle();
    engine.removeServer('t' as ServerId);
    await settle();
    expect(engine.route(query())).toBeUndefined();
    expect(server.calls).toEqual(['load a']);
    expect(server.isClosed).toBe(true);
  });
});
