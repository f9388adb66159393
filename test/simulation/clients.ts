import type { Instant, ModelId, ServerId } from '#core';
import type { Answer, Pending, ResolveQuery, Route } from '#engine';
import type { Timers } from '#testing';
import type { Berth } from './berth.js';
import type { Random } from './random.js';
import type { Site } from './site.js';
import type { Trail } from './trail.js';

/** For so long Berth may not have noticed that somebody else took a model away: a slow server keeps its routes. */
const NOTICED_WITHIN = 60_000;

interface Parts {
  readonly agenda: Timers;
  readonly random: Random;
  readonly trail: Trail;
  readonly sites: ReadonlyMap<string, Site>;
  readonly models: readonly ModelId[];
  readonly berth: () => Berth | undefined;
}

/** Gateways: they ask where models are, go there within the lease, give up, and ask for what does not exist. */
export class Clients {
  /** Requests that nobody has answered yet. */
  private waiting = 0;

  constructor(private readonly parts: Parts) {}

  get openRequests(): number {
    return this.waiting;
  }

  /** Requests arrive until `end`, at random. */
  keepAsking(every: number, end: Instant): void {
    const { agenda, random } = this.parts;
    agenda.after(random.pause(every), () => {
      if (agenda.now() >= end) return;
      const burst = random.chance(0.1) ? random.between(2, 12) : 1;
      const query = this.query();
      for (let i = 0; i < burst; i++) this.ask(query);
      this.keepAsking(every, end);
    });
  }

  private query(): ResolveQuery {
    const { random, models, sites } = this.parts;
    const isKnown = random.chance(0.97);
    return {
      model: isKnown ? random.pickEarly(models) : (`nobody-${random.between(1, 3)}` as ModelId),
      version: random.chance(0.9) ? null : random.pick(['1', '7']),
      wait: random.pick([null, null, 0, 500, 5_000, 20_000, 60_000]),
      lease: random.pick([1_000, 10_000, 10_000, 30_000]),
      class: null,
      avoid: random.chance(0.9) ? [] : [random.pick([...sites.keys()]) as ServerId],
    };
  }

  private ask(query: ResolveQuery): void {
    const { trail } = this.parts;
    const berth = this.parts.berth();
    if (!berth) return;
    if (query.avoid.length > 0) berth.engine.tell({ kind: 'ServersDoubted', servers: query.avoid });
    const route = berth.engine.route(query);
    if (route) {
      trail.mark('warm route');
      return this.routed(route, berth);
    }
    this.wait(query, berth);
  }

  /** As the resolver does it; exactly one answer has to come, by the deadline plus one tick. */
  private wait(query: ResolveQuery, berth: Berth): void {
    const { agenda, trail, random } = this.parts;
    const { fleet } = berth.engine;
    const { maxWait } = (fleet.models.get(query.model) ?? fleet.defaults).coldStart;
    const pending = berth.engine.admit(query, maxWait);
    const deadline = agenda.now() + Math.min(query.wait ?? maxWait, maxWait);
    let open = true;
    const close = (): void => {
      if (open) this.waiting -= 1;
      open = false;
    };
    this.waiting += 1;
    agenda.after(deadline + 1.5 - agenda.now(), () => {
      const isLate = open && this.parts.berth() === berth;
      trail.expect(!isLate, () => `a request for ${query.model} was not answered by its deadline`);
      close();
    });
    void pending.answer.then((answer) => {
      trail.expect(open, () => `a request for ${query.model} was answered after it had ended`);
      close();
      this.answered(answer, berth);
    });
    if (random.chance(0.05)) this.giveUp(pending, close);
  }

  private giveUp(pending: Pending, close: () => void): void {
    const { agenda, random } = this.parts;
    agenda.after(random.between(0, 3_000), () => {
      pending.cancel();
      close();
    });
  }

  private answered(answer: Answer, berth: Berth): void {
    if (answer.kind === 'route') {
      this.parts.trail.mark('cold route');
      this.routed(answer, berth);
    } else this.parts.trail.mark(`refused ${answer.refusal.reason}`);
  }

  /** The route is used within its lease, sometimes after it, sometimes never. */
  private routed(route: Route, berth: Berth): void {
    const { agenda, random } = this.parts;
    const now = agenda.now();
    berth.routes.note(route, now);
    if (random.chance(0.2)) return;
    const after = random.chance(0.9) ? random.next() * route.lease * 0.95 : route.lease * 1.5;
    agenda.after(after, () => this.infer(route, now));
  }

  private infer({ model, version, server, lease }: Route, givenAt: Instant): void {
    const { agenda, trail, sites } = this.parts;
    const site = sites.get(server)!;
    const isLeased = agenda.now() < givenAt + lease;
    site.sim.infer({ model, version }, (answer) => {
      const isServed = 'ok' in answer;
      // An ensemble's own counts do not show that one of its steps has failed.
      const isEnsemble = site.sim.repository.model(model)!.steps.length > 0;
      if (isServed || (answer.error.code === 'INTERNAL' && !isEnsemble)) {
        site.lastInference.set(model, agenda.now());
        trail.mark('inference');
      }
      if (isServed || answer.error.code === 'INTERNAL') return;
      const isExplained = site.disturbedAt >= givenAt - NOTICED_WITHIN;
      trail.expect(
        !isLeased || isExplained,
        () => `${model}@${server} under a lease given at ${givenAt.toFixed(1)}: ${answer.error.message}`,
      );
    });
  }
}
