import type { Instant, Millis } from '#core';
import type { Answer, Engine, Pending, ResolveQuery, Route } from '#engine';
import type { RouteMessage } from '#contracts';
import type { Registry } from '../fleet/registry.js';
import type { StoreWatch } from '../health/store-watch.js';
import { type Lifecycle, SHUTTING_DOWN } from '../lifecycle.js';
import { ToldRoutes } from './told-routes.js';

/** Counts what callers were answered. */
export interface ResolveMeter {
  /** `result` is `routed` or the reason of the refusal. */
  resolved(result: string, cold: boolean, took: Millis): void;
}

/** What answers are taken from. */
interface ResolverParts {
  readonly engine: Engine;
  readonly registry: Registry;
  readonly lifecycle: Lifecycle;
  readonly store: StoreWatch;
}

/** Answers "where is this model?": at once where it is warm. */
export class Resolver {
  private readonly told: ToldRoutes;

  private readonly engine: Engine;
  private readonly lifecycle: Lifecycle;
  private readonly store: StoreWatch;

  constructor(
    { engine, registry, lifecycle, store }: ResolverParts,
    private readonly meter: ResolveMeter,
  ) {
    this.engine = engine;
    this.lifecycle = lifecycle;
    this.store = store;
    this.told = new ToldRoutes(registry);
  }

  /** The route to a warm model, without waiting for anything; undefined where the caller has to wait. */
  warm(query: ResolveQuery): RouteMessage | undefined {
    if (this.lifecycle.isEnding) return undefined;
    const began = this.engine.now();
    if (query.avoid.length > 0) this.engine.report({ kind: 'ServersDoubted', servers: query.avoid });
    const route = this.engine.route(query);
    if (route === undefined) return undefined;
    this.meter.resolved('routed', false, this.engine.now() - began);
    return this.message(route);
  }

  /** Waits for a cold model, as long as it allows and the caller can. */
  wait(query: ResolveQuery): Pending {
    if (this.lifecycle.isEnding)
      return ended(this.count({ kind: 'refusal', refusal: SHUTTING_DOWN }, this.engine.now()));
    const { fleet } = this.engine;
    const began = this.engine.now();
    const { coldStart } = fleet.models.get(query.model) ?? fleet.defaults;
    const pending = this.engine.admit(query, coldStart.maxWait);
    return {
      answer: pending.answer.then((answer) => this.count(this.worded(answer), began)),
      cancel: () => pending.cancel(),
    };
  }

  /** A route as callers are told it. */
  message(route: Route): RouteMessage {
    return this.told.of(route);
  }

  private worded(answer: Answer): Answer {
    if (answer.kind === 'route') return answer;
    return { kind: 'refusal', refusal: this.store.worded(answer.refusal) };
  }

  private count(answer: Answer, began: Instant): Answer {
    const result = answer.kind === 'route' ? 'routed' : answer.refusal.reason;
    this.meter.resolved(result, answer.kind === 'refusal' || answer.cold, this.engine.now() - began);
    return answer;
  }
}

const ended = (answer: Answer): Pending => ({ answer: Promise.resolve(answer), cancel: () => undefined });
