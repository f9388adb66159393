import { setImmediate } from 'node:timers/promises';
import { emptyFleet, type Fleet, type Millis, type ModelId, type OpenOrders, openOrders } from '#core';
import type { Observer } from '#engine';
import { Agenda } from '#triton-simulator';
import { Admin } from './admin.js';
import { autoscaler } from './autoscaler.js';
import { Berth } from './berth.js';
import { Calm } from './calm.js';
import { ChangedServers } from './changed-servers.js';
import { Heirs } from './checkers/heirs.js';
import { TurnChecks } from './checkers/turn-checks.js';
import { Faults } from './faults.js';
import { Gateways } from './gateways.js';
import type { Doings, Happening } from './happenings.js';
import type { Plan } from './plan.js';
import { RouteRecord } from './route-record.js';
import { Site } from './site.js';
import type { Stage } from './stage.js';
import { Store } from './store.js';
import { strangers } from './strangers.js';
import { Told } from './told.js';
import { Trail } from './trail.js';

/** So many steps are taken between two turns of the event loop, in which what is outside of the world has its time. */
const STRETCH = 1_000;
/** With more steps than this at one moment, time stands still: something goes on and on. */
const STEPS_AT_ONCE = 200_000;

/** A fleet, its Berth, its callers and its bad luck, as a plan has them, on virtual time. */
export class World {
  readonly agenda = new Agenda();
  readonly trail: Trail;
  private readonly sites: ReadonlyMap<string, Site>;
  private readonly stage: Stage;
  private readonly gateways: Gateways;
  private readonly admin: Admin;
  private readonly faults: Faults;
  private readonly changes: ChangedServers;
  private readonly calm: Calm;
  private readonly doings: Doings;
  private berth: Berth | undefined;
  /** As Berth has it, or had it before it died. */
  private fleet: Fleet = emptyFleet();
  private lives = 0;
  /** Of the latest life. */
  private routes: RouteRecord | undefined;
  /** What the last life had accepted and not done. */
  private left: ReadonlyMap<ModelId, OpenOrders> = new Map();
  private steps = 0;
  private moment = 0;
  private stepsAtMoment = 0;

  constructor(
    private readonly plan: Plan,
    keepsAll: boolean,
    private readonly observers: readonly Observer[],
  ) {
    const { agenda } = this;
    const trail = new Trail(() => agenda.now(), keepsAll);
    this.trail = trail;
    this.sites = new Map(
      plan.servers.map((server) => [server.spec.id, new Site(server, plan.models, agenda, trail)]),
    );
    this.stage = {
      plan,
      agenda,
      trail,
      sites: this.sites,
      store: new Store(agenda),
      told: new Told(plan),
      delays: { longest: 2 },
      stormEnd: plan.storm,
      berth: () => this.berth,
      endBerth: (how, downFor) => this.endBerth(how, downFor),
    };
    this.gateways = new Gateways(this.stage);
    this.admin = new Admin(this.stage);
    this.faults = new Faults(this.stage);
    this.changes = new ChangedServers(this.stage);
    this.calm = new Calm(this.stage, this.gateways);
    this.doings = {
      ...this.gateways.doings(),
      ...this.admin.doings(),
      ...autoscaler(this.stage),
      ...strangers(this.stage),
      ...this.changes.doings(),
      ...this.faults.doings(),
    };
  }

  /** Lives through the storm and the calm after it; rejects at the first promise that is not kept. */
  async run(): Promise<void> {
    this.describe();
    this.delayServers();
    this.startBerth();
    this.expectHappening(0);
    await this.passUntil(this.plan.storm);
    await this.hearOut();
    this.trail.note('the storm is over');
    this.admin.finish();
    this.changes.finish();
    this.faults.heal();
    await this.calm.comeToRest((moment) => this.passUntil(moment));
  }

  /** What was being told when the storm ended is done before the last word on it; a paused Berth goes on first. */
  private async hearOut(): Promise<void> {
    const { agenda, berth } = this;
    const { store } = this.stage;
    const goesOnAt = berth && !store.isIdleFor(berth.process) ? berth.process.resumedAt : 0;
    await this.passUntil(Math.max(agenda.now(), store.tellsEndAt, goesOnAt));
  }

  /** Some servers are not there when Berth first begins. */
  private delayServers(): void {
    for (const site of this.sites.values()) {
      const { lateBy } = site.planned;
      if (lateBy === 0) continue;
      this.trail.mark('late server');
      site.sim.kill();
      this.agenda.after(lateBy, () => {
        if (!site.isGone) site.sim.start();
      });
    }
  }

  /** One after the other, so that the agenda stays short. */
  private expectHappening(nth: number): void {
    const next = this.plan.happenings[nth];
    if (!next) return;
    this.agenda.after(next.at - this.agenda.now(), () => {
      this.happen(next);
      this.expectHappening(nth + 1);
    });
  }

  /** What makes no sense now is left out, and said so: what is left of a plan that was shortened is still a plan. */
  private happen(happening: Happening): void {
    const { kind } = happening;
    const doing = this.doings[kind] as (happening: Happening) => string | void;
    const nothing = this.strangerToThePlan(happening) ?? doing(happening);
    if (kind === 'ask' && nothing === undefined) return;
    this.trail.note(`${JSON.stringify(happening)}${nothing === undefined ? '' : ` - not now: ${nothing}`}`);
    this.trail.mark(nothing === undefined ? kind : `${kind} not now`);
  }

  private strangerToThePlan(happening: Happening): string | undefined {
    if ('server' in happening && !this.sites.has(happening.server)) return `there is no ${happening.server}`;
    if (!('model' in happening) || happening.model.startsWith('nobody-')) return undefined;
    const isPlanned = this.plan.models.some(({ model }) => model.id === happening.model);
    return isPlanned ? undefined : `there is no ${happening.model}`;
  }

  /** What follows from one step is done before the next one, so that every run goes the same way. */
  private async passUntil(end: number): Promise<void> {
    for (let due = this.agenda.nextDue(); due !== undefined && due <= end; due = this.agenda.nextDue()) {
      this.countStepAt(due);
      this.agenda.runNext();
      await (++this.steps % STRETCH === 0 ? setImmediate() : settled());
      for (const site of this.sites.values()) site.checkMemory(this.fleet);
      this.check();
    }
    this.agenda.runUntil(end);
    this.check();
  }

  private countStepAt(due: number): void {
    this.stepsAtMoment = due === this.moment ? this.stepsAtMoment + 1 : 1;
    this.moment = due;
    this.trail.expect(
      this.stepsAtMoment <= STEPS_AT_ONCE,
      () => 'time stands still: one step follows another',
    );
  }

  private check(): void {
    if (this.trail.failure !== undefined) throw new Error(this.trail.failure);
  }

  private startBerth(): void {
    const { trail, observers, sites } = this;
    const life = ++this.lives;
    trail.note(`Berth begins its life ${life}`);
    const left = this.stage.told.inherited(this.left);
    const routes = new RouteRecord(this.routes);
    const berth = new Berth(life, this.stage, routes, () => [
      ...observers,
      this.calm.observer,
      new TurnChecks({ routes, sites, trail, life }),
      new Heirs(left, trail),
    ]);
    this.berth = berth;
    this.routes = routes;
    this.fleet = berth.engine.fleet;
    berth.begin().catch((error: unknown) => trail.fail(`Berth does not begin: ${String(error)}`));
  }

  private endBerth(how: 'crash' | 'stop', downFor: Millis): string | void {
    const { berth } = this;
    if (!berth) return 'Berth is not there';
    if (how === 'stop' && berth.process.isPaused) return 'Berth is paused';
    this.left = openOrders(berth.engine.fleet);
    berth[how]();
    this.berth = undefined;
    // What was sent may arrive yet, and no living Berth has decided it.
    for (const site of this.sites.values()) site.disturb();
    if (how === 'stop') this.gateways.expectNobodyWaits(berth);
    // What this one was told and had begun to write is on the disk before the next one reads it; in order it ends with all of it.
    const { tellsEndAt, idleAt } = this.stage.store;
    const writes = (how === 'stop' ? idleAt : tellsEndAt) - this.agenda.now();
    this.agenda.after(Math.max(downFor, writes), () => this.startBerth());
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

/** Resolves when no promise has anything left to do: only then does Node come to the next tick. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
