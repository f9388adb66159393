import { SimulatedTriton, type OrderParameters, type Reply, type ServerPhase, type Timers } from '#testing';
import type { PlannedModel, PlannedServer } from './plan.js';
import type { Trail } from './trail.js';

/** An order of Berth's in work at a server. */
export interface OpenOrder {
  readonly kind: 'load' | 'unload';
  readonly model: string;
  /** Which life of Berth sent it. */
  readonly life: number;
  readonly orderedAt: number;
}

/** A new phase of the server, or the end of every connection to it without one. */
export type SiteNews = ServerPhase | 'connections broken';

/** What an attempt to connect meets. */
export type Reception = 'accepted' | 'refused' | 'silence';

/** How the reply to an order goes astray: nothing comes, or the connection breaks when it should. */
export type LostReply = 'silence' | 'break';

/** One simulated server with what is known of it only here: who did what to it, and what is under way. */
export class Site {
  readonly sim: SimulatedTriton;
  readonly open = new Set<OpenOrder>();
  /** Until when the network lets nothing through. */
  partitionedUntil = 0;
  /** When the present process began to answer. */
  bornAt = -Infinity;
  /** When something last happened after which a model may be gone without an order of the living Berth. */
  disturbedAt = -Infinity;
  /** Whether somebody else has loaded something in this incarnation, or memory comes back late: then it may run out. */
  isMuddled = false;
  /** Whether something here stays stuck until the process is restarted. */
  needsRestart = false;
  /** Whether it was to stay dead, or stuck, for ever. */
  isGone = false;
  /** The replies that will go astray, each once. */
  readonly lostReplies: { readonly to: 'load' | 'unload'; readonly how: LostReply }[] = [];
  /** When an inference last ended, by model. */
  readonly lastInference = new Map<string, number>();
  private readonly watchers = new Set<(news: SiteNews) => void>();
  private ranOut = false;

  constructor(
    readonly planned: PlannedServer,
    models: readonly PlannedModel[],
    readonly timers: Timers,
    private readonly trail: Trail,
  ) {
    const { setup } = planned;
    this.sim = new SimulatedTriton({
      ...setup,
      id: planned.spec.id,
      timers,
      models: models.map(({ disk }) => disk),
      onPhase: (phase) => this.phaseChanged(phase),
    });
  }

  get id(): PlannedServer['spec']['id'] {
    return this.planned.spec.id;
  }

  get isPartitioned(): boolean {
    return this.timers.now() < this.partitionedUntil;
  }

  receive(): Reception {
    if (this.isPartitioned) return 'silence';
    return this.sim.phase === 'up' || this.sim.phase === 'leaving' ? 'accepted' : 'refused';
  }

  /** Calls back at every change of the server's phase until the returned function is called. */
  watch(watcher: (news: SiteNews) => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** Every connection ends, and the server does not. */
  breakConnections(): void {
    for (const watcher of [...this.watchers]) watcher('connections broken');
  }

  /**
   * An order of Berth's arrives. No load may meet another order of its pair in work, but for one that an earlier life
   * had sent and the network brought late. An unload without an answer may be sent again: it does nothing more.
   */
  order(order: OpenOrder, parameters: OrderParameters, reply: Reply<object>): void {
    const { kind, model } = order;
    const rival = [...this.open].find(
      (one) => one.model === model && (one.kind === 'load' || kind === 'load'),
    );
    if (rival && rival.life !== order.life) return this.lateOrder(order, parameters, reply);
    this.trail.expect(
      rival === undefined,
      () => `${kind} ${model}@${this.id} arrived while a ${rival!.kind} of it was in work`,
    );
    this.carryOut(order, parameters, reply);
  }

  private lateOrder(order: OpenOrder, parameters: OrderParameters, reply: Reply<object>): void {
    this.trail.mark('late order');
    this.isMuddled = true;
    this.disturb();
    this.carryOut(order, parameters, reply);
  }

  private carryOut(order: OpenOrder, parameters: OrderParameters, reply: Reply<object>): void {
    this.open.add(order);
    this.sim[order.kind](order.model, parameters, (answer) => {
      this.open.delete(order);
      reply(answer);
    });
  }

  takeLostReply(to: 'load' | 'unload'): LostReply | undefined {
    const at = this.lostReplies.findIndex((lost) => lost.to === to);
    return at < 0 ? undefined : this.lostReplies.splice(at, 1)[0]!.how;
  }

  /** From now on, in every life of the server, its memory may run out. */
  muddleAlways(): void {
    this.isMuddled = true;
    this.watch((news) => {
      if (news === 'up') this.isMuddled = true;
    });
  }

  disturb(): void {
    this.disturbedAt = this.timers.now();
  }

  /** Told after every step of the world. */
  checkMemory(): void {
    if (this.ranOut || !this.sim.peakExceeded) return;
    this.ranOut = true;
    this.trail.expect(this.isMuddled, () => `a load at ${this.id} asked for more memory than there is`);
  }

  private phaseChanged(phase: ServerPhase): void {
    this.trail.note(`${this.id} is ${phase}`);
    this.disturbedAt = this.timers.now();
    if (phase === 'down') this.forgetLife();
    if (phase === 'up') this.bornAt = this.disturbedAt;
    for (const watcher of [...this.watchers]) watcher(phase);
  }

  private forgetLife(): void {
    this.bornAt = Infinity;
    this.open.clear();
    this.isMuddled = false;
    this.needsRestart = false;
    this.lastInference.clear();
  }
}
