import assert from 'node:assert/strict';
import {
  type Action,
  type ActionOf,
  emptyFleet,
  type Event,
  type FailureCause,
  type Fleet,
  type Look,
  type Millis,
  type Model,
  type ModelId,
  type OrderId,
  type Phase,
  replicaId,
  type ServerId,
  type ServerSpec,
} from '#core';
import { aModel, aRequest, type Asking } from './builders.js';
import { Shelf } from './shelf.js';
import { decide } from './decide.js';

export { aModel, aPendingModel, aRequest, aServer, SOMEBODY } from './builders.js';

/** So often the core may want to be woken for time alone, on the average of a long time: many servers are looked at. */
const LEAST_SLEEP = 20;
const MAX_WAKES = 500;

/**
 * Plays servers and callers for the core, synchronously: looks are answered at once from what the test put on the
 * shelf, loads end when the test says so. After every turn a second look must find nothing to do.
 */
export class CoreDriver {
  readonly fleet: Fleet = emptyFleet();
  readonly shelves = new Map<string, Shelf>();
  readonly answers = new Map<string, Extract<Action, { kind: 'grant' | 'refuse' }>[]>();
  /** Every action but looks, in order. */
  readonly log: Action[] = [];
  now = 1_000;
  private requests = 0;
  private readonly open = new Map<string, ActionOf<'load'>>();
  /** Whether unloads complete by themselves. */
  unloadsEnd = true;
  /** Whether looks are answered. */
  looksEnd = true;

  constructor() {
    const { id: _, source: __, ...defaults } = aModel('default');
    this.tell({
      kind: 'LimitsSet',
      limits: this.fleet.limits,
      defaults: { ...defaults, gpuDeclared: false, hostDeclared: false },
    });
  }

  declare(...models: Model[]): this {
    this.tell(...models.map((model): Event => ({ kind: 'ModelDeclared', model })));
    return this;
  }

  /** Declares a server whose repository lists the given models, connects it and lets it be looked at. */
  serve(spec: ServerSpec, models: readonly string[], gpus: Shelf['gpus'] = []): this {
    const shelf = new Shelf(models);
    shelf.gpus = gpus;
    this.shelves.set(spec.id, shelf);
    this.tell({ kind: 'ServerDeclared', server: spec });
    this.tell({ kind: 'ContactChanged', server: spec.id, fact: 'connected' });
    return this;
  }

  shelf(server: string): Shelf {
    return this.shelves.get(server)!;
  }

  /** Takes a turn; looks are answered in turns that follow at once. */
  tell(...events: Event[]): Action[] {
    const actions = decide(this.fleet, events, this.now);
    const phases = this.phases();
    const again = decide(this.fleet, [], this.now);
    assert.deepEqual(again, [], 'a second look must find nothing to do');
    assert.deepEqual(this.phases(), phases, 'a second look must change nothing');
    assert(this.fleet.wakeAt > this.now, 'a wake-up in the past would spin');
    this.log.push(
      ...actions.filter(({ kind }) => kind !== 'look' && kind !== 'describe' && kind !== 'probe'),
    );
    return [...actions, ...actions.flatMap((action) => this.play(action))];
  }

  /** Lets time pass, waking whenever the core asks for it. */
  pass(millis: number): Action[] {
    const end = this.now + millis;
    const actions: Action[] = [];
    let wakes = 0;
    for (let wake = this.fleet.wakeAt; wake <= end; wake = this.fleet.wakeAt) {
      this.now = wake;
      assert((wakes += 1) <= MAX_WAKES + millis / LEAST_SLEEP, 'wake-ups again and again would spin');
      actions.push(...this.tell());
    }
    this.now = end;
    return [...actions, ...this.tell()];
  }

  /** A request; its answer, once there is one, is in `answerTo`. */
  resolve(model: string, parts: Asking = {}): string {
    const id = `r${++this.requests}`;
    this.answers.set(id, []);
    const own = this.fleet.models.get(model as ModelId)?.class ?? 'default';
    const request = aRequest(id, model, this.now, { class: own, ...parts });
    this.tell({ kind: 'RequestArrived', request });
    return id;
  }

  /** `server` it was routed to, the reason it was refused with, or `waiting`. */
  answerTo(request: string): string {
    const answers = this.answers.get(request)!;
    assert(answers.length <= 1, `${request} was answered ${answers.length} times`);
    const answer = answers[0];
    if (!answer) return 'waiting';
    return answer.kind === 'refuse' ? answer.refusal.reason : answer.replica.split('@')[1]!;
  }

  refusalOf(request: string): ActionOf<'refuse'>['refusal'] {
    const answer = this.answers.get(request)![0];
    assert(answer?.kind === 'refuse', `${request} was not refused`);
    return answer.refusal;
  }

  /** Makes known how long loads of a model take wherever they run: so long, without any doubt. */
  loadsTake(model: string, took: Millis): this {
    const anywhere = { mean: Math.log(took), deviation: 0, count: 8 };
    this.tell({ kind: 'LoadTimesRemembered', model: model as ModelId, anywhere, on: [] });
    return this;
  }

  /** Makes known how long the memory of an unload takes to be free on a server: so long, without any doubt. */
  unloadsTake(server: string, took: Millis): this {
    const known = this.fleet.servers.get(server as ServerId)!;
    known.unloadTimes = { mean: Math.log(took), deviation: 0, count: 8 };
    return this;
  }

  /** The load in flight of a model ends. */
  loadEnds(
    model: string,
    server: string,
    outcome: 'succeeded' | 'unknown' | FailureCause = 'succeeded',
  ): void {
    const order = this.open.get(`${model}@${server}`);
    assert(order, `no load of ${model} on ${server} is in flight`);
    this.open.delete(`${model}@${server}`);
    const shelf = this.shelf(server);
    const rest = outcome === 'succeeded' ? 'READY' : outcome === 'unknown' ? 'LOADING' : 'UNAVAILABLE';
    for (const one of [model, ...order.coLoaded])
      shelf.set(one, rest, rest === 'UNAVAILABLE' ? 'Internal: no' : '');
    this.tell({
      kind: 'LoadEnded',
      order: order.order,
      replica: order.replica,
      outcome:
        outcome === 'succeeded'
          ? { kind: 'succeeded', versions: ['1'] }
          : outcome === 'unknown'
            ? { kind: 'unknown' }
            : { kind: 'failed', cause: outcome },
    });
  }

  /** Resolves a model and ends its load: the short way to a warm model. */
  warm(model: string, server: string): this {
    const request = this.resolve(model);
    this.loadEnds(model, server);
    assert.equal(this.answerTo(request), server);
    return this;
  }

  isLoading(model: string, server: string): boolean {
    return this.open.has(`${model}@${server}`);
  }

  phase(model: string, server: string): Phase | undefined {
    return this.fleet.replicas.get(replicaId(model as ModelId, server as ServerId))?.phase;
  }

  private phases(): string[] {
    return Array.from(this.fleet.replicas.values(), ({ id, phase }) => `${id} ${phase}`).toSorted();
  }

  orders(): string[] {
    return this.log.flatMap((action) =>
      action.kind === 'load' || action.kind === 'unload'
        ? [`${action.kind} ${action.model}@${action.server}`]
        : [],
    );
  }

  private play(action: Action): Action[] {
    switch (action.kind) {
      case 'look':
        return this.looksEnd
          ? this.tell({ kind: 'Looked', server: action.server, look: this.lookAt(action) })
          : [];
      case 'load':
        this.shelf(action.server).set(action.model, 'LOADING');
        this.open.set(action.replica, action);
        return [];
      case 'unload':
        return this.unload(action);
      case 'grant':
      case 'refuse':
        this.answers.get(action.request)?.push(action);
        return [];
      default:
        return [];
    }
  }

  private unload({ model, server, order, replica }: ActionOf<'unload'>): Action[] {
    this.shelf(server).set(
      model,
      this.unloadsEnd ? 'UNAVAILABLE' : 'UNLOADING',
      this.unloadsEnd ? 'unloaded' : '',
    );
    return this.unloadEnds(order, replica);
  }

  private unloadEnds(order: OrderId, replica: ActionOf<'unload'>['replica']): Action[] {
    const answered = this.tell({
      kind: 'UnloadEnded',
      order,
      replica,
      outcome: { kind: 'succeeded', versions: [] },
    });
    this.now += 1;
    return answered;
  }

  private lookAt({ server, scope, probeMode }: ActionOf<'look'>): Look {
    return this.shelf(server).look(this.now, scope, probeMode);
  }
}
