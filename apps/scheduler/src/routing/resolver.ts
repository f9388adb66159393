import { Inject, Injectable } from '@nestjs/common';
import { hasRight, type Principal, type Role } from '#access';
import type { Instant } from '#core';
import type { Answer, Pending, ResolveQuery, Route } from '#engine';
import type { RouteMessage } from '#contracts';
import type { Composition } from '../compose.js';
import { factsOf, Refused, type RefusalFacts } from '../errors/refused.js';
import type { Times } from '../forwarding/forwarder.js';
import { patientCall } from '../forwarding/waits.js';
import { NO_LEADER, SHUTTING_DOWN } from '../lifecycle.js';
import type { Following } from '../reigns/following.js';
import { Running } from '../running.js';

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
  constructor(@Inject(Running) private readonly running: Running) {}

  /** The route to a warm model, without waiting for anything; undefined where the caller has to wait. */
  warm(query: ResolveQuery): RouteMessage | undefined {
    const { following, lasting, leading } = this.running;
    if (lasting.lifecycle.isEnding) return undefined;
    if (leading === null && following === null) return undefined;
    if (query.avoid.length > 0) this.running.doubt(query.avoid);
    const began = lasting.routes.now();
    // A longer lease is left to a leader that is heard.
    const isCut = leading === null && following?.hearsLeader === false;
    const message = (leading && led(leading, query)) ?? this.inherited(query, isCut);
    if (message !== undefined)
      lasting.metrics.resolve.resolved('routed', false, lasting.routes.now() - began);
    return message;
  }

  /**
   * The route by what a leader has told. A leader goes by it, too, where it has not looked yet or its lease is out of date; without
   * peers there is none.
   */
  private inherited(query: ResolveQuery, isCut: boolean): RouteMessage | undefined {
    if (this.running.following === null) return undefined;
    const route = this.tabled(query, isCut);
    return route && this.running.lasting.routes.message(route);
  }

  private tabled(query: ResolveQuery, isCut: boolean): Route | undefined {
    const { metrics, routes } = this.running.lasting;
    const route = routes.table.route(query, isCut);
    if (route?.stale) metrics.routes.gaveStale();
    return route;
  }

  /** A route that the leader has told. */
  retold(route: RouteMessage): RouteMessage {
    return this.running.lasting.routes.latest.told(route);
  }

  /** Waits for a cold model, as long as it allows and the caller can: here, or where another peer leads there. */
  cold(request: object, query: ResolveQuery, { role }: Principal, handOn: HandOn): Cold {
    const began = performance.now();
    const pending = this.wait(query);
    const answer = pending.answer.then(async (given) => {
      if (given.kind === 'route') return this.running.now.routes.of(given);
      const { handsOn } = this;
      if (given.refusal.reason !== 'no_leader' || handsOn === null)
        throw new Refused(this.told(factsOf(given.refusal), role));
      const { next, times } = patientCall(request, query, began, handsOn.longestWait);
      return await handOn(handsOn, next, this.timesOf(times, query)).then(
        () => undefined,
        (error: unknown) => this.instead(error, query),
      );
    });
    return { answer, cancel: () => pending.cancel() };
  }

  /** Callers with the right `read` are told by whom the fleet was frozen, and why. */
  private told(facts: RefusalFacts, role: Role): RefusalFacts {
    const freeze = this.running.leading?.freeze.told;
    if (!freeze || facts.detail !== 'frozen' || !hasRight(role, 'read')) return facts;
    const { by, reason } = freeze;
    return { ...facts, members: { ...facts.members, ...(by && { frozenBy: by }), frozenReason: reason } };
  }

  private wait(query: ResolveQuery): Pending {
    if (this.handsOn !== null) return ended({ kind: 'refusal', refusal: NO_LEADER });
    const made = this.running.now;
    const { engine, lifecycle, watching } = made;
    const began = engine.now();
    if (lifecycle.isEnding) return ended(counted(made, { kind: 'refusal', refusal: SHUTTING_DOWN }, began));
    const { coldStart } = engine.fleet.models.get(query.model) ?? engine.fleet.defaults;
    const pending = engine.admit(query, coldStart.maxWait);
    const worded = (answer: Answer): Answer =>
      answer.kind === 'route'
        ? (watching.vouch(answer) ?? this.tabled(query, true) ?? { kind: 'refusal', refusal: NO_LEADER })
        : answer;
    return {
      answer: pending.answer.then((answer) => counted(made, worded(answer), began)),
      cancel: () => pending.cancel(),
    };
  }

  /** When a call that is handed on ends: where `instead` has a route for it, it waits for a leader for a moment alone. */
  timesOf(times: Times, query: ResolveQuery): Times {
    const hasOther = (): boolean => this.running.lasting.routes.table.isWarm(query);
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
    const { following, lasting, leading } = this.running;
    return leading !== null || lasting.lifecycle.isEnding ? null : following;
  }
}

/** The route by the leader's own fleet. */
function led(
  { engine, lifecycle, routes, watching }: Composition,
  query: ResolveQuery,
): RouteMessage | undefined {
  if (lifecycle.isEnding) return undefined;
  const found = engine.route(query);
  const route = found && watching.vouch(found);
  return route && routes.of(route);
}

/** Counts what a caller is answered. */
function counted({ engine, metrics }: Composition, answer: Answer, began: Instant): Answer {
  const result = answer.kind === 'route' ? 'routed' : answer.refusal.reason;
  metrics.resolve.resolved(result, answer.kind === 'refusal' || answer.cold, engine.now() - began);
  return answer;
}

const ended = (answer: Answer): Pending => ({ answer: Promise.resolve(answer), cancel: () => undefined });
