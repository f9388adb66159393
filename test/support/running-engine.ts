import type { ContactFact, Look, Model, ModelId } from '#core';
import {
  type Clock,
  Engine,
  type Learned,
  type LearnedChange,
  type LearnedFacts,
  type ModelServer,
  type StoreHealth,
  type ResolveQuery,
  type FailedTurn,
  type Turn,
} from '#engine';
import { aModel, aServer, nothingLearned, SOMEBODY } from './builders.js';
import { Shelf } from './shelf.js';

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

  /** When it rings. */
  get due(): number {
    return this.alarm?.at ?? Infinity;
  }

  /** Moves time to the alarm and rings it. */
  ring(): void {
    if (!this.alarm || this.alarm.at === Infinity) throw new Error('no alarm is set');
    this.time = this.alarm.at;
    this.alarm.ring();
  }
}

/** A server with a memory of what was ordered; loads end when the test says so. */
export class ObedientServer implements ModelServer {
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
    const shelf = new Shelf(this.models);
    for (const model of this.loaded) shelf.set(model, 'READY');
    return Promise.resolve(shelf.look(this.clock.now(), 'full', true));
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
class ForgetfulStore implements Learned, StoreHealth {
  readonly written: LearnedChange[] = [];
  failure: Error | null = null;
  /** So many writes were asked for. */
  tries = 0;
  private error: Error | null = null;
  private tell: () => void = () => undefined;

  follow(tell: () => void): void {
    this.tell = tell;
  }

  /** Writes fail from now on, which the first one shows. */
  breaks(error: Error): void {
    this.error = error;
  }

  /** A write has succeeded again. */
  mends(): void {
    this.error = this.failure = null;
    this.tell();
  }

  read(): Promise<LearnedFacts> {
    return Promise.resolve(nothingLearned());
  }

  write(changes: readonly LearnedChange[]): Promise<void> {
    this.tries += 1;
    if (this.error) return Promise.reject((this.failure = this.error));
    this.written.push(...changes);
    return Promise.resolve();
  }
}

export const A = aModel('a');
export const query = (parts: Partial<ResolveQuery> = {}): ResolveQuery => ({
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
export const settle = async (): Promise<void> => {
  for (let round = 0; round < 10; round += 1) await new Promise((done) => setImmediate(done));
};

/** A leadership that the test takes away and gives back. */
class FickleLeadership {
  readonly term = 7;
  readonly ended = new Promise<void>(() => undefined);
  private isHeld = false;
  private tell: (isHeld: boolean) => void = () => undefined;

  mayAct(): boolean {
    return !this.isHeld;
  }

  renewedAgo(): number {
    return 0;
  }

  follow(tell: (isHeld: boolean) => void): void {
    this.tell = tell;
  }

  tend(): void {
    // It is never given back.
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.tell(isHeld);
  }
}

export async function aRunningEngine(models: readonly Model[] = [A]) {
  const leadership = new FickleLeadership();
  const clock = new StillClock();
  const store = new ForgetfulStore();
  const turns: Turn[] = [];
  const failed: FailedTurn[] = [];
  const sent: string[] = [];
  const engine = new Engine({
    clock,
    wallNow: () => 1_800_000_000_000 + clock.time,
    learned: store,
    store,
    leadership,
    observers: [
      {
        turnTaken: (turn) => void (turns.push(turn), (clock.time += clock.turnsTake)),
        orderSent: ({ kind }) => void sent.push(kind),
        turnFailed: (turn) => void failed.push(turn),
      },
    ],
  });
  const server = new ObedientServer(
    clock,
    models.map(({ id }) => id),
  );
  engine.addServer(aServer('t', [10]), () => server);
  engine.tell(...models.map((model) => ({ kind: 'ModelDeclared', model }) as const));
  await settle();
  return { engine, leadership, clock, store, turns, failed, sent, server };
}
