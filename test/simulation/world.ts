import { setImmediate } from 'node:timers/promises';
import type { Millis } from '#core';
import { Agenda } from '#testing';
import { Berth } from './berth.js';
import { pictureOf } from './checkers/in-short.js';
import { restlessness } from './checkers/rest.js';
import { TurnChecks } from './checkers/turn-checks.js';
import { Clients } from './clients.js';
import { Faults } from './faults.js';
import { Operator } from './operator.js';
import { makePlan } from './plan.js';
import type { Plan } from './planned.js';
import { Random } from './random.js';
import { Site } from './site.js';
import { Store } from './store.js';
import { Strangers } from './strangers.js';
import { Told } from './told.js';
import { Trail } from './trail.js';

/** For so long everything may go wrong. */
const STORM: Millis = 3 * 60_000;
/** So long the fleet then has to come to rest. */
const CALM: Millis = 15 * 60_000;
/** Between two looks at whether it has. */
const PATIENCE: Millis = 5_000;

/** A fleet, its Berth, its callers and its bad luck, all of it from one seed and on virtual time. */
export class World {
  readonly agenda = new Agenda(1_000);
  readonly trail: Trail;
  private readonly plan: Plan;
  private readonly sites: ReadonlyMap<string, Site>;
  private readonly store = new Store(this.agenda);
  private readonly told: Told;
  private readonly delays = { longest: 2 };
  private readonly clients: Clients;
  private readonly operator: Operator;
  private readonly strangers: Strangers;
  private readonly faults: Faults;
  private berth: Berth | undefined;
  private lives = 0;

  constructor(
    private readonly seed: number,
    keepsAll = false,
  ) {
    const { agenda, store, delays } = this;
    this.plan = makePlan(seed);
    const { models } = this.plan;
    this.trail = new Trail(() => agenda.now(), keepsAll);
    this.told = new Told(this.plan);
    this.sites = new Map(
      this.plan.servers.map((server) => [server.spec.id, new Site(server, models, agenda, this.trail)]),
    );
    const { trail, sites, told } = this;
    const berth = (): Berth | undefined => this.berth;
    const stream = (name: string): Random => new Random(seed, name);
    const common = { agenda, trail, berth };
    const names = models.map(({ model }) => model.id);
    const servers = [...sites.values()];
    this.clients = new Clients({ ...common, random: stream('arrivals'), sites, models: names });
    this.operator = new Operator({ ...common, random: stream('operator'), sites, models, told });
    this.strangers = new Strangers({ ...common, random: stream('strangers'), sites: servers, models });
    const crashBerth = (): void => this.crashBerth(stream(`crash ${this.lives}`).between(500, 5_000));
    const unlucky = { ...common, random: stream('faults'), sites: servers, models };
    this.faults = new Faults({ ...unlucky, store, delays, crashBerth });
  }

  /** Lives through the storm and the calm after it; rejects at the first promise that is not kept. */
  async run(): Promise<void> {
    this.describe();
    this.delayServers();
    this.startBerth();
    const { requestEvery, operatorEvery, strangerEvery } = this.plan;
    const end = this.agenda.now() + STORM;
    this.clients.keepAsking(requestEvery, end);
    this.operator.keepWorking(operatorEvery, end);
    this.strangers.keepMeddling(strangerEvery, end);
    this.faults.begin(end);
    await this.passUntil(end);
    this.trail.note('the storm is over');
    this.operator.finish();
    this.faults.heal();
    await this.comeToRest(end + CALM);
  }

  /** Some servers are not there when Berth first begins. */
  private delayServers(): void {
    for (const { planned, sim } of this.sites.values()) {
      if (planned.isLate === 0) continue;
      this.trail.mark('late server');
      sim.kill();
      this.agenda.after(planned.isLate, () => sim.start());
    }
  }

  private async comeToRest(latest: number): Promise<void> {
    let open = ['Berth is not there'];
    while (open.length > 0 && this.agenda.now() < latest) {
      await this.passUntil(this.agenda.now() + PATIENCE);
      open = this.berth ? restlessness(this.berth.engine.fleet, this.sites) : ['Berth is not there'];
      if (this.clients.openRequests > 0) open.push(`${this.clients.openRequests} requests are unanswered`);
    }
    if (open.length > 0 && this.berth) this.trail.note(pictureOf(this.berth.engine.fleet));
    this.trail.expect(open.length === 0, () => `no rest: ${open.join('; ')}`);
    this.check();
  }

  /** What a turn of the event loop does is done before the next thing happens, so that every run goes the same way. */
  private async passUntil(end: number): Promise<void> {
    for (let due = this.agenda.nextDue(); due !== undefined && due <= end; due = this.agenda.nextDue()) {
      this.agenda.runNext();
      await setImmediate();
      for (const site of this.sites.values()) site.checkMemory();
      this.check();
    }
    this.agenda.runUntil(end);
  }

  private check(): void {
    if (this.trail.failure !== undefined) throw new Error(this.trail.failure);
  }

  private startBerth(): void {
    const { seed, agenda, sites, store, told, delays, trail } = this;
    const lostReplies = this.faults.takeLostReply.bind(this.faults);
    const around = { seed, agenda, sites, store, told, delays, lostReplies };
    const life = ++this.lives;
    trail.note(`Berth begins its life ${life}`);
    const berth = new Berth(life, around, ({ routes }) => new TurnChecks({ routes, sites, trail, life }));
    this.berth = berth;
    berth.begin().catch((error: unknown) => trail.fail(`Berth does not begin: ${String(error)}`));
  }

  private crashBerth(downFor: Millis): void {
    if (!this.berth) return;
    this.berth.crash();
    this.berth = undefined;
    // What was sent may arrive yet, and no living Berth has decided it.
    for (const site of this.sites.values()) site.disturb();
    this.agenda.after(downFor, () => this.startBerth());
  }

  private describe(): void {
    for (const { spec, setup } of this.plan.servers) {
      this.trail.note(`server ${JSON.stringify(spec)} ${setup.devices.length} GPUs`);
    }
    for (const { model, disk } of this.plan.models) {
      this.trail.note(`model ${JSON.stringify(model)} on disk ${JSON.stringify(disk)}`);
    }
    this.trail.note(`limits ${JSON.stringify(this.plan.limits)}`);
  }
}
