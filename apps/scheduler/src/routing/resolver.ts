import { Inject, Injectable } from '@nestjs/common';
import { hasRight, type Principal, type Role } from '#access';
import type { ResolveQuery, Route } from '#engine';
import type { RouteMessage } from '#contracts';
import { factsOf, Refused, type RefusalFacts } from '../transport/errors/refused.js';
import type { Times } from '../cluster/forwarding/forwarder.js';
import { patientCall } from '../cluster/forwarding/waits.js';
import { Lifecycle, NO_LEADER } from '../transport/lifecycle.js';
import type { Following } from '../cluster/leadership/following.js';
import { Metrics } from '#telemetry';
import { WatchedTable } from '../cluster/replication/watched-table.js';
import { OfTerm, type PerTerm, Terms } from '../cluster/leadership/per-term.js';
import { ended, LeaderRoutes } from './leader-routes.js';

/** A leader has so long to answer a call that has another answer. */
const OTHERWISE_WITHIN_MS = 1_000;

/** Has the leader answer a call over the interface that it came by; `next` gives the request of each try. */
type HandOn = (following: Following, next: () => object, times: Times) => Promise<void>;

/** A call that waits; its answer is undefined where the leader has given it. */
interface Cold {
  readonly answer: Promise<RouteMessage | undefined>;
  cancel(): void;
}

/** Answers "where is this model?": at once where it is warm. */
@Injectable()
export class Resolver {
  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Pick<Lifecycle, 'isEnding'>,
    @Inject(Metrics) private readonly metrics: Pick<Metrics, 'resolve' | 'routes'>,
    @Inject(Terms) private readonly terms: Pick<Terms, 'doubt' | 'following'>,
    @Inject(WatchedTable) private readonly routes: WatchedTable,
    @OfTerm(LeaderRoutes) private readonly led: Pick<PerTerm<LeaderRoutes>, 'leading' | 'now'>,
  ) {}

  /** The route to a warm model, without waiting for anything; undefined where the caller has to wait. */
  warm(query: ResolveQuery): RouteMessage | undefined {
    const { leading } = this.led;
    const { following } = this.terms;
    if (this.lifecycle.isEnding) return undefined;
    if (leading === null && following === null) return undefined;
    if (query.avoid.length > 0) this.terms.doubt(query.avoid);
    const began = this.routes.now();
    // A longer lease is left to a leader that is heard.
    const isCut = leading === null && following?.hearsLeader === false;
    const message = leading?.warm(query) ?? this.inherited(query, isCut);
    if (message !== undefined) this.metrics.resolve.resolved('routed', false, this.routes.now() - began);
    return message;
  }

  /**
   * The route by what a leader has told. A leader goes by it, too, where it has not looked yet or its lease is out of date; without
   * peers there is none.
   */
  private inherited(query: ResolveQuery, isCut: boolean): RouteMessage | undefined {
    if (this.terms.following === null) return undefined;
    const route = this.tabled(query, isCut);
    return route && this.routes.message(route);
  }

  private tabled(query: ResolveQuery, isCut: boolean): Route | undefined {
    const route = this.routes.table.route(query, isCut);
    if (route?.stale) this.metrics.routes.gaveStale();
    return route;
  }

  /** A route that the leader has told. */
  retold(route: RouteMessage): RouteMessage {
    return this.routes.latest.told(route);
  }

  /** Waits for a cold model, as long as it allows and the caller can: here, or where another peer leads there. */
  cold(request: object, query: ResolveQuery, { role }: Principal, handOn: HandOn): Cold {
    const began = performance.now();
    const led = this.handsOn === null ? this.led.now : null;
    const pending =
      led?.wait(query, () => this.tabled(query, true)) ?? ended({ kind: 'refusal', refusal: NO_LEADER });
    const answer = pending.answer.then(async (given) => {
      if (given.kind === 'route') return led!.of(given);
      const { handsOn } = this;
      if (given.refusal.reason !== 'no_leader' || handsOn === null)
        throw new Refused(this.told(factsOf(given.refusal), role, led));
      const { next, times } = patientCall(request, query, began, handsOn.longestWait);
      return await handOn(handsOn, next, this.timesOf(times, query)).then(
        () => undefined,
        (error: unknown) => this.instead(error, query),
      );
    });
    return { answer, cancel: () => pending.cancel() };
  }

  /** Callers with the right `read` are told by whom the fleet was frozen, and why. */
  private told(facts: RefusalFacts, role: Role, led: LeaderRoutes | null): RefusalFacts {
    const freeze = led?.frozen.told;
    if (!freeze || facts.detail !== 'frozen' || !hasRight(role, 'read')) return facts;
    const { by, reason } = freeze;
    return { ...facts, members: { ...facts.members, ...(by && { frozenBy: by }), frozenReason: reason } };
  }

  /** When a call that is handed on ends: where `instead` has a route for it, it waits for a leader for a moment alone. */
  timesOf(times: Times, query: ResolveQuery): Times {
    const hasOther = (): boolean => this.routes.table.isWarm(query);
    const soon = hasOther() ? performance.now() + OTHERWISE_WITHIN_MS : Infinity;
    return { ...times, hasOther, answerBy: Math.min(times.answerBy, soon) };
  }

  /** What a call gets that no leader has answered: the route to a warm model with a short lease. Throws the refusal where there is none. */
  instead(error: unknown, query: ResolveQuery): RouteMessage {
    const hasNone = error instanceof Refused && error.facts.reason === NO_LEADER.reason;
    const message = hasNone && this.handsOn !== null ? this.inherited(query, true) : undefined;
    if (message === undefined) throw error;
    return message;
  }

  /** What hands calls on that find no leader here; null: this process leads, has no peers, or is ending. */
  private get handsOn(): Following | null {
    return this.led.leading !== null || this.lifecycle.isEnding ? null : this.terms.following;
  }
}
