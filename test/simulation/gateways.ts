import type { Instant, TenantId } from '#core';
import type { Answer, Pending, ResolveQuery, Route } from '#engine';
import type { Berth } from './berth.js';
import { ANONYMOUS } from './draw/floods.js';
import type { Doings, HappeningOf } from './happenings.js';
import type { Site } from './site.js';
import type { Stage } from './stage.js';
import { ToldHints } from './told-hints.js';

/** For so long Berth may not have noticed that another client took a model away: a slow server keeps its routes. */
const NOTICED_WITHIN = 60_000;

/** More than these Triton would not get done in time; gateways that have so many under way keep the others back. */
const MAX_IN_FLIGHT = 10;

/** So much later than its deadline an answer may be. */
const TICK = 1.5;

/** So many retries are a storm, other callers aside. */
const STORM = { retries: 50, within: 1_000 };

type Ask = HappeningOf<'ask'>;

/** Gateways: they ask where models are, go there within the lease, give up, and ask for what does not exist. */
export class Gateways {
  /** How many requests each life of Berth has yet to answer; those of a dead life are never answered. */
  private readonly waiting = new WeakMap<Berth, number>();
  /** When a route was last given, or used. */
  private busyAt = 0;

  /** Those of the last second. */
  private retries: { readonly at: Instant; readonly count: number }[] = [];

  private readonly inFlight = new Map<string, number>();

  private readonly hints: ToldHints;

  constructor(private readonly stage: Stage) {
    this.hints = new ToldHints(stage.plan.seed, stage.trail);
  }

  get openRequests(): number {
    const berth = this.stage.berth();
    return berth ? this.waitingFor(berth) : 0;
  }

  get lastBusyAt(): Instant {
    return this.busyAt;
  }

  /** A Berth that stops answers every request first, all in the same moment. */
  expectNobodyWaits(berth: Berth): void {
    const { agenda, trail } = this.stage;
    agenda.after(0, () => {
      const left = this.waitingFor(berth);
      trail.expect(left === 0, () => `stopped, and ${left} requests are unanswered`);
    });
  }

  doings(): Pick<Doings, 'ask'> {
    return {
      ask: (ask) => {
        const berth = this.stage.berth();
        if (!berth) return 'Berth is not there';
        berth.process.receive(() => {
          for (let i = 0; i < ask.count; i++) this.ask(ask, berth);
        });
        if (ask.avoid.length > 0) this.stage.trail.mark('avoids servers');
      },
    };
  }

  private ask(ask: Ask, berth: Berth): void {
    const { model, version, wait, lease, avoid } = ask;
    const query: ResolveQuery = {
      model,
      version,
      wait,
      lease,
      class: ask.class ?? null,
      avoid,
      tenant: (ask.tenant ?? ANONYMOUS) as TenantId,
    };
    if (avoid.length > 0) berth.engine.report({ kind: 'ServersDoubted', servers: avoid });
    const route = berth.engine.route(query);
    if (!route) return this.wait(ask, query, berth);
    this.stage.trail.mark('warm route');
    this.routed(ask, route, berth);
  }

  /** As the resolver does it; exactly one answer has to come, by the deadline plus one tick. */
  private wait(ask: Ask, query: ResolveQuery, berth: Berth): void {
    const { agenda, trail } = this.stage;
    const { fleet } = berth.engine;
    const { maxWait } = (fleet.models.get(query.model) ?? fleet.defaults).coldStart;
    const pending = berth.engine.admit(query, maxWait);
    const wait = Math.min(query.wait ?? maxWait, maxWait);
    let open = true;
    const close = (): void => {
      if (open) this.waiting.set(berth, this.waitingFor(berth) - 1);
      open = false;
    };
    this.waiting.set(berth, this.waitingFor(berth) + 1);
    this.expectAnswer(berth, agenda.now() + wait + TICK, () => !open, query.model);
    void pending.answer.then((answer) => {
      trail.expect(open, () => `a request for ${query.model} was answered after it had ended`);
      close();
      this.answered(ask, answer, berth);
    });
    if (ask.giveUpAfter !== null) this.giveUp(berth, ask.giveUpAfter, pending, close);
  }

  private waitingFor(berth: Berth): number {
    return this.waiting.get(berth) ?? 0;
  }

  /** A process that was paused may answer late, but no later than it can. */
  private expectAnswer(berth: Berth, by: Instant, isClosed: () => boolean, model: string): void {
    const { agenda, trail } = this.stage;
    agenda.after(by - agenda.now(), () => {
      if (this.stage.berth() !== berth || isClosed()) return;
      const { resumedAt } = berth.process;
      if (agenda.now() < resumedAt + TICK) this.expectAnswer(berth, resumedAt + TICK, isClosed, model);
      else trail.fail(`a request for ${model} was not answered by its deadline`);
    });
  }

  private giveUp(berth: Berth, after: number, pending: Pending, close: () => void): void {
    this.stage.agenda.after(after, () => {
      berth.process.receive(() => {
        pending.cancel();
        close();
      });
    });
  }

  private answered(ask: Ask, answer: Answer, berth: Berth): void {
    if (answer.kind === 'route') {
      this.stage.trail.mark('cold route');
      this.routed(ask, answer, berth);
      return;
    }
    const { refusal } = answer;
    this.stage.trail.mark(`refused ${refusal.reason}`);
    const hint = refusal.retryAfter === null ? null : this.hints.told(refusal.retryAfter);
    if (ask.retries > 0) this.askAgain(ask, hint);
  }

  /** With a budget or without, at the time that was hinted or as it pleases. */
  private askAgain(ask: Ask, hint: number | null): void {
    const told = hint ?? 1_000;
    this.stage.agenda.after(ask.retryAfter ?? told, () => {
      const berth = this.stage.berth();
      if (berth && this.stage.agenda.now() < this.stage.stormEnd) {
        this.stage.trail.mark(
          (ask.retryAfter ?? told) < told ? 'asked again too soon' : 'asked again when told to',
        );
        this.noteRetry(ask.count);
        berth.process.receive(() => this.ask({ ...ask, retries: ask.retries - 1 }, berth));
      }
    });
  }

  /** Retries come as a storm where they are more in a second than would ever be asked. */
  private noteRetry(count: number): void {
    const now = this.stage.agenda.now();
    this.retries = this.retries.filter(({ at }) => at > now - STORM.within);
    this.retries.push({ at: now, count });
    const many = this.retries.reduce((sum, one) => sum + one.count, 0);
    if (many >= STORM.retries) this.stage.trail.mark('storm of retries');
  }

  /** The route is used within its lease, sometimes after it, sometimes never. */
  private routed({ useAfter }: Ask, route: Route, berth: Berth): void {
    const { agenda } = this.stage;
    const now = agenda.now();
    this.busyAt = now;
    berth.noteRoute(route);
    const { isPartitioned, partition } = this.stage.sites.get(route.server)!;
    const noticed = berth.process.heardAt(isPartitioned ? partition.since : now) - NOTICED_WITHIN;
    if (useAfter !== null) agenda.after(useAfter, () => this.infer(route, now, noticed));
  }

  private infer({ model, version, server, replica, lease }: Route, givenAt: Instant, noticed: Instant): void {
    const { agenda, trail, sites } = this.stage;
    const site = sites.get(server)!;
    const load = this.inFlight.get(replica) ?? 0;
    if (load >= MAX_IN_FLIGHT) return;
    this.inFlight.set(replica, load + 1);
    const isLeased = agenda.now() < givenAt + lease;
    this.busyAt = agenda.now();
    const counting = countingAt(site, model, version);
    site.sim.infer({ model, version }, (answer) => {
      this.busyAt = agenda.now();
      this.inFlight.set(replica, this.inFlight.get(replica)! - 1);
      const isServed = 'ok' in answer;
      // An ensemble's own counts do not show that one of its steps has failed.
      const isEnsemble = site.sim.repository.model(model)!.steps.length > 0;
      if (isServed || (answer.error.code === 'INTERNAL' && !isEnsemble)) {
        const isShown = countingAt(site, model, version).some((id) => counting.includes(id));
        if (isShown) site.lastInference.set(model, { at: agenda.now(), copies: counting });
        trail.mark('inference');
      }
      if (isServed || answer.error.code === 'INTERNAL') return;
      const isExplained = site.disturbedAt >= noticed || (site.cutOff.get(model) ?? -Infinity) >= givenAt;
      trail.expect(
        !isLeased || isExplained,
        () => `${model}@${server} under a lease given at ${givenAt.toFixed(1)}: ${answer.error.message}`,
      );
    });
  }
}

/**
 * The copies whose counts a reading shows: one that another client unloads ends its inferences, and counts them unseen.
 */
const countingAt = ({ sim }: Site, model: string, version: string): readonly number[] =>
  sim
    .copies()
    .filter((copy) => copy.model === model && copy.phase === 'serving' && copy.isVisible)
    .filter((copy) => version === '' || String(copy.version) === version)
    .map(({ id }) => id);
