import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Fleet, Millis } from '#core';
import type { Observer, Turn } from '#engine';
import { countsOf } from './counts.js';
import { DeclaredTimes } from './declared-times.js';
import { DiscoveryMetrics } from './discovery-metrics.js';
import { EventMetrics } from './event-metrics.js';
import { expositionOf } from './exposition.js';
import { addFleetGauges } from './fleet-gauges.js';
import { Instruments } from './instruments.js';
import { ScalingMetrics } from './scaling-metrics.js';
import { type LeadershipFacts, LeadershipMetrics } from './leadership-metrics.js';
import { RouteMetrics } from './route-metrics.js';
import { ResolveMetrics } from './resolve-metrics.js';
import { TurnMetrics } from './turn-metrics.js';

/** What the metrics have to be told about their process. */
export interface MetricsOptions {
  readonly now: () => number;
  /** Whether the process' own CPU, memory and event loop are told too. */
  readonly process?: boolean;
  /** Whether clients on other machines may do all without a key. */
  readonly isInsecureListen?: boolean;
  /** Gives other work its turn. Left out: one of the event loop. */
  readonly pause?: () => Promise<void>;
}

/** For so long an answer is given again. */
const FRESH: Millis = 1_000;

/** All metrics of one process, on a registry of their own. */
export class Metrics implements Observer {
  private readonly registry = new Registry();
  private readonly make = new Instruments(this.registry);
  private readonly turns = new TurnMetrics(this.make);
  readonly counts = countsOf(this.make);
  /** What resolve calls are counted with. */
  readonly resolve = new ResolveMetrics(this.make);
  readonly events = new EventMetrics(this.make);
  readonly discovery = new DiscoveryMetrics(this.make);
  readonly routes = new RouteMetrics(this.make);
  readonly scaling = new ScalingMetrics(this.make);
  readonly leadership: LeadershipMetrics;
  private declared = new DeclaredTimes();
  private fleet: Readonly<Fleet> | null = null;
  private hasGauges = false;
  /** What callers were given last, and when it was begun. */
  private told: { readonly at: number; readonly text: Promise<Buffer> } | undefined;
  private isMaking = false;

  constructor(private readonly options: MetricsOptions) {
    this.counts.insecureListen.set(options.isInsecureListen ? 1 : 0);
    this.leadership = new LeadershipMetrics(this.make, options.now);
    if (options.process) collectDefaultMetrics({ register: this.registry });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** From now on this process decides, until the term is ended. Counters go on. */
  begin(term: LeadershipFacts): void {
    this.leadership.begin(term);
    this.declared = new DeclaredTimes();
    this.turns.begin();
  }

  /** This process decides no more: there is no fleet to tell of. */
  end(): void {
    this.leadership.end();
    this.fleet = null;
  }

  /** The gauges are read off the fleet; before the first turn there is none to read. */
  turnTaken(turn: Turn, fleet: Fleet): void {
    if (this.leadership.isLeading) this.fleet = fleet;
    if (!this.hasGauges) this.addGauges();
    this.declared.turnTaken(turn);
    this.leadership.turnTaken(turn);
    this.turns.turnTaken(turn, fleet);
  }

  /**
   * Prometheus' text format, in UTF-8. It is made at most once a second, with pauses in which other work has its turn: all
   * callers of that second are given the same.
   */
  text(): Promise<Buffer> {
    const now = this.options.now();
    if (this.told === undefined || (!this.isMaking && now - this.told.at >= FRESH)) {
      this.isMaking = true;
      const text = this.written().finally(() => (this.isMaking = false));
      this.told = { at: now, text };
    }
    return this.told.text;
  }

  private async written(): Promise<Buffer> {
    this.leadership.count();
    return Buffer.from(await expositionOf(this.registry, this.options.pause ?? nextTurn));
  }

  private addGauges(): void {
    this.hasGauges = true;
    const { now, pause = nextTurn } = this.options;
    addFleetGauges(this.make, () =>
      this.fleet === null ? null : { fleet: this.fleet, now: now(), declared: this.declared, pause },
    );
  }
}
