import { Inject, Injectable } from '@nestjs/common';
import {
  type Foretold,
  foretold,
  HandedOut,
  type Instant,
  isRoutable,
  type Millis,
  type ModelId,
  Now,
  pickRoute,
} from '#core';
import { type Answer, Engine, type Pending, type ResolveQuery, type Route } from '#engine';
import type { RouteMessage, RouteServerMessage } from '#contracts';
import { Metrics } from '#telemetry';
import { Frozen } from '../admin/servers/overview.js';
import { Registry } from '../admin/servers/registry.js';
import { Lifecycle, NO_LEADER, SHUTTING_DOWN } from '../transport/lifecycle.js';
import { RouteFeed } from '../cluster/replication/route-feed.js';
import { RouteMessages } from '../cluster/replication/route-messages.js';

/** The routes that a leader gives by its own fleet, and the requests that wait for one. */
@Injectable()
export class LeaderRoutes {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Frozen) readonly frozen: Frozen,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(RouteMessages) private readonly told: RouteMessages,
    @Inject(RouteFeed) private readonly routeFeed: RouteFeed,
    @Inject(Registry) private readonly registry: Registry,
  ) {}

  /** A route as callers are told it. */
  of(route: Route): RouteMessage {
    return this.told.of(route);
  }

  /** The server of a copy that is ready; undefined: there is none. Nothing counts as used. */
  present(query: ResolveQuery): RouteServerMessage | undefined {
    const copy = pickRoute(this.engine.fleet, query, NO_USES, this.engine.now());
    return copy && this.registry.routeServer(copy.server);
  }

  /** The servers that take requests. */
  get up(): RouteServerMessage[] {
    const servers = [...this.engine.fleet.servers.values()].filter(isRoutable);
    return servers.map(({ spec }) => this.registry.routeServer(spec.id));
  }

  /** How long a request for a cold model may wait. */
  longestWait(model: string): Millis {
    const { models, defaults } = this.engine.fleet;
    return (models.get(model as ModelId) ?? defaults).coldStart.maxWait;
  }

  /** What a request for a model would be told that came now. It takes a turn on a copy of the fleet. */
  foretold(model: string): Foretold {
    const { fleet } = this.engine;
    return foretold(fleet, model as ModelId, new Now(this.engine.now()));
  }

  /** The route to a warm model. */
  warm(query: ResolveQuery): RouteMessage | undefined {
    if (this.lifecycle.isEnding) return undefined;
    const found = this.engine.route(query);
    const route = found && this.routeFeed.withValidLease(found);
    return route && this.told.of(route);
  }

  /** Waits for a cold model. Where this leader does not vouch for the route that came, `instead` has it. */
  wait(query: ResolveQuery, instead: () => Route | undefined): Pending {
    const { engine, lifecycle, routeFeed } = this;
    const began = engine.now();
    if (lifecycle.isEnding) return ended(this.counted(refused(SHUTTING_DOWN), began));
    const pending = engine.admit(query, this.longestWait(query.model));
    const vouched = (answer: Answer): Answer =>
      answer.kind === 'route'
        ? (routeFeed.withValidLease(answer) ?? instead() ?? refused(NO_LEADER))
        : answer;
    return {
      answer: pending.answer.then((answer) => this.counted(vouched(answer), began)),
      cancel: () => pending.cancel(),
    };
  }

  /** Counts what a caller is answered. */
  private counted(answer: Answer, began: Instant): Answer {
    const result = answer.kind === 'route' ? 'routed' : answer.refusal.reason;
    const { resolve } = this.metrics;
    resolve.resolved(result, answer.kind === 'refusal' || answer.cold, this.engine.now() - began);
    return answer;
  }
}

const NO_USES = { lastUse: () => undefined, handedOut: new HandedOut() };

const refused = (refusal: (Answer & { kind: 'refusal' })['refusal']): Answer => ({
  kind: 'refusal',
  refusal,
});

export const ended = (answer: Answer): Pending => ({
  answer: Promise.resolve(answer),
  cancel: () => undefined,
});
