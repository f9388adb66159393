import type { Fleet } from '#core';
import {
  type Asked,
  type Fault,
  SimulatedTriton,
  type OrderParameters,
  type Reply,
  type ServerPhase,
  type Timers,
} from '#triton-simulator';
import type { Books } from './books.js';
import { isExcused, noteSurprises, unexcused } from './excuses.js';
import { type LostReply, NOBODY, type OpenOrder } from './open-order.js';
import { Partition } from './partition.js';
import type { PlannedModel, PlannedServer } from './plan.js';
import { AT_START, ServerClock } from './server-clock.js';
import { Surprises } from './surprises.js';
import type { Trail } from './trail.js';
import { hearUntold, mayWaitUnseen } from './untold.js';

/** A new phase of the server, or the end of every connection to it without one. */
export type SiteNews = ServerPhase | 'connections broken';

/** What an attempt to connect meets. */
export type Reception = 'accepted' | 'refused' | 'silence';

/** One simulated server with what is known of it only here: which process did what to it, and what is under way. */
export class Site {
  sim: SimulatedTriton;
  readonly open = new Set<OpenOrder>();
  readonly partition = new Partition();
  /** When the present process began to answer. */
  bornAt = -Infinity;
  /** When something last happened after which a model may be gone without an order of the living Berth. */
  disturbedAt = -Infinity;
  /** Whether another client loaded something in this incarnation: then memory may run out. */
  isMuddled = false;
  /** What of its memory was asked for in the present step of the world, and not there. */
  private readonly ranOut: Asked[] = [];
  /** The books as they were when Berth last decided to load each model. */
  readonly decided = new Map<string, Books>();
  /** When the leases on each model were last cut by a drain with a deadline. */
  readonly cutOff = new Map<string, number>();
  readonly surprises = new Surprises();
  /** What stays stuck, or dead, until the process is restarted. */
  readonly broken = new Set<string>();
  /** Whether it was to stay dead, or out of reach, for ever. */
  isGone = false;
  /** Whether no process listens at the address at which it is declared. */
  leadsNowhere = false;
  /** Whether the present process was started in another control mode. */
  isInWrongMode = false;
  /** Whether it is down on purpose: what took it down also starts it again. */
  isHeldDown = false;
  /** The models that stay stuck here for ever, with those that go together with them or wait behind them. */
  readonly stuck = new Set<string>();
  /** What keeps them so. */
  readonly stuckForEver: Fault[] = [];
  /** The replies that will go astray, each once. */
  readonly lostReplies: { readonly to: 'load' | 'unload'; readonly how: LostReply }[] = [];
  /** When an inference last ended, by model. */
  readonly lastInference = new Map<string, { readonly at: number; readonly copies: readonly number[] }>();
  /** The models whose files were changed: the next load lets the old version go, whatever leases are on it. */
  readonly rewritten = new Set<string>();
  private readonly watchers = new Set<(news: SiteNews) => void>();
  /** Whether an order in work loads a step anew. */
  private isStepReread = false;
  private machines = 0;
  private gpus = 0;
  readonly clock: ServerClock;

  constructor(
    readonly planned: PlannedServer,
    private readonly models: readonly PlannedModel[],
    readonly timers: Timers,
    private readonly trail: Trail,
  ) {
    this.clock = new ServerClock(timers, planned.clockRate);
    this.sim = this.machine(planned.setup.devices);
  }

  get id(): PlannedServer['spec']['id'] {
    return this.planned.spec.id;
  }

  /** Which life of the server this is, whatever machine it lives on. */
  get incarnation(): number {
    return this.machines * 1_000_000 + this.sim.incarnation;
  }

  get isPartitioned(): boolean {
    return this.timers.now() < this.partition.until;
  }

  receive(): Reception {
    if (this.leadsNowhere) return 'refused';
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
   * An order of Berth's arrives. No load may meet another order of its pair in work, but for one that an earlier life had sent
   * and the network brought late, or one that waits unseen. An unload without an answer may be sent again.
   */
  order(order: OpenOrder, parameters: OrderParameters, reply: Reply<object>): void {
    const { kind, model } = order;
    const isRival = (one: OpenOrder): boolean => one.model === model && [one.kind, kind].includes('load');
    const rivals = [...this.open].filter(isRival);
    // One of an earlier life excuses nothing where one of the same life is in work beside it.
    const rival = rivals.find(({ life }) => life === order.life) ?? rivals[0];
    const isLate =
      rival !== undefined &&
      (rival.life !== order.life || order.life === NOBODY || mayWaitUnseen(this.sim, model));
    const said = (): string => `${kind} ${model}@${this.id} arrived while a ${rival!.kind} of it was in work`;
    this.trail.expect(rival === undefined || isLate, said);
    if (isLate) this.trail.mark('late order');
    if (isLate || order.life === NOBODY) this.meddledWith(order);
    this.carryOut(order, parameters, reply);
  }

  /** What a dead Berth had sent is to the living one as if a stranger had: it knows of it once it shows. */
  private meddledWith({ kind, model }: OpenOrder): void {
    if (kind === 'load') this.isMuddled = true;
    else this.lastInference.delete(model);
    this.disturb();
  }

  private carryOut(order: OpenOrder, parameters: OrderParameters, reply: Reply<object>): void {
    this.open.add(order);
    if (order.kind === 'unload' && this.sim.unsettled().some((family) => family.has(order.model)))
      this.trail.mark('unload beside a step read anew');
    this.sim[order.kind](order.model, parameters, (answer) => {
      this.open.delete(order);
      this.stepsSwapped();
      if (order.kind === 'load' && this.rewritten.delete(order.model)) this.disturb();
      reply(answer);
    });
  }

  takeLostReply(to: 'load' | 'unload'): LostReply | undefined {
    const at = this.lostReplies.findIndex((lost) => lost.to === to);
    return at < 0 ? undefined : this.lostReplies.splice(at, 1)[0]!.how;
  }

  disturb(): void {
    this.disturbedAt = this.timers.now();
  }

  /** Told after every step of the world, with the fleet as Berth has it, or had it before it died. */
  checkMemory(fleet: Fleet): void {
    noteSurprises(this, fleet);
    for (const asked of this.ranOut.splice(0))
      this.trail.expect(this.isMuddled || isExcused(this, asked, fleet), () => unexcused(this.id, asked));
  }

  /** The process dies, and stays down; the next one finds so many devices, each as the first one was. */
  refit(count: number): void {
    this.isHeldDown = true;
    this.sim.kill();
    const memoryBytes = this.planned.setup.devices[0]?.memoryBytes ?? 8 * 2 ** 30;
    const devices = Array.from({ length: count }, (_, ordinal) => ({
      ordinal,
      uuid: `GPU-${this.id}-${ordinal}`,
      memoryBytes,
    }));
    this.sim = this.machine(devices);
  }

  /** The address leads to another process on the same devices; the one that was there is not heard of any more. */
  replace(): void {
    this.refit(this.gpus);
    this.isInWrongMode = false;
    this.sim.start();
  }

  /** A machine's first life begins at once; but for the first machine it is over before Berth can see it. */
  private machine(devices: PlannedServer['setup']['devices']): SimulatedTriton {
    const isFirst = ++this.machines === 1;
    this.gpus = devices.length;
    this.surprises.beginOn(devices.length);
    let isSeen = isFirst;
    const { setup } = this.planned;
    // Beside GPUs Berth bounds the host's memory only where it is declared: else it must not run out there.
    const isBounded = isFirst || devices.length === 0 || this.planned.spec.hostMemory !== null;
    const sim = new SimulatedTriton({
      ...setup,
      hostMemoryBytes: isBounded ? setup.hostMemoryBytes : 2 ** 50,
      options: { ...AT_START, ...setup.options, wallClock: this.clock.wallTime },
      devices,
      id: this.planned.spec.id,
      timers: this.clock,
      models: this.models.map(({ disk }) => disk),
      onPhase: (phase) => isSeen && this.phaseChanged(phase),
      onUntold: (untold) => hearUntold(this, this.trail, untold),
      onOutOfMemory: (asked) => this.ranOut.push(asked),
    });
    if (!isFirst) sim.kill();
    isSeen = true;
    return sim;
  }

  private phaseChanged(phase: ServerPhase): void {
    this.trail.note(`${this.id} is ${phase}`);
    this.disturbedAt = this.timers.now();
    if (phase === 'down') this.forgetLife();
    if (phase === 'up') {
      this.bornAt = this.disturbedAt;
      this.isHeldDown = false;
    }
    for (const watcher of [...this.watchers]) watcher(phase);
  }

  /**
   * The files of a step that serves were changed, and the load of its ensemble loads the step anew. No call tells of the
   * second copy, so Berth cannot book it: a model is to be unloaded before its files are changed.
   */
  stepReread(step: string): void {
    this.trail.note(`${this.id} loads ${step} anew, whose files have changed`);
    this.isMuddled = true;
    this.isStepReread = true;
    this.disturb();
  }

  /** What was read anew has taken the place of what served, at the latest when the orders in work have ended. */
  private stepsSwapped(): void {
    if (!this.isStepReread) return;
    this.disturb();
    this.isStepReread = this.open.size > 0;
  }

  private forgetLife(): void {
    this.bornAt = Infinity;
    this.open.clear();
    this.isMuddled = false;
    this.isStepReread = false;
    this.broken.clear();
    this.lastInference.clear();
  }
}
