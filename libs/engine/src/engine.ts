import {
  type Action,
  type ActionOf,
  earliestDeadline,
  emptyFleet,
  type Event,
  type Fleet,
  leaseOn,
  pickRoute,
  playInstant,
  type RequestId,
  requestOf,
  type ServerId,
  type ServerSpec,
  type StopReason,
} from '#core';
import { Actuator } from './actuator.js';
import { type Pending, type ResolveQuery, type Route, routeTo, stoppedAnswer } from './answer.js';
import { Callers } from './callers.js';
import type { EngineParts } from './engine-parts.js';
import { holdsNow } from './holds.js';
import { LateFacts } from './late-facts.js';
import { LeaseBook } from './lease-book.js';
import { Notebook } from './notebook.js';
import type { ModelServer } from './ports/model-server.js';
import type { FailedTurn } from './ports/observer.js';
import { Uses } from './uses.js';

/** A turn of so many ms or more is followed by a rest so many times as long: requests for warm models have that time. */
const LONG_TURN = 2;
const REST = 3;
const MAX_REST = 60;

/** Runs the core: gathers events, takes turns, carries out the actions that they decide. */
export class Engine {
  private readonly state = emptyFleet();
  private readonly callers = new Callers();
  private readonly uses = new Uses();
  private readonly notebook: Notebook;
  private readonly leases: LeaseBook;
  private readonly actuator: Actuator;
  readonly late = new LateFacts();
  private readonly inbox: Event[] = [];
  private turnDue = false;
  private restsUntil = -Infinity;
  private alarmAt = Infinity;
  private stopped: StopReason | null = null;
  private requests = 0;

  constructor(private readonly parts: EngineParts) {
    this.notebook = new Notebook(parts.learned);
    this.leases = new LeaseBook(parts.learned, parts.wallNow);
    this.actuator = new Actuator(this.notebook, (event) => this.report(event), parts);
    // The turn asks them itself.
    for (const one of [parts.leadership, parts.store]) one.follow(() => this.tell());
  }

  /** Takes up what an earlier life learned. Called once, after servers were declared and before any is connected. */
  async recall(): Promise<void> {
    const facts = [...(await this.notebook.recall()), ...(await this.leases.recall(this.now()))];
    this.tell(...this.late.take(facts));
  }

  /** The state at this moment. Readers must not change it. */
  get fleet(): Readonly<Fleet> {
    return this.state;
  }

  get term(): number {
    return this.parts.leadership.term;
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** Takes events of admins and of the configuration. Their turn is in the next tick: callers read their writes. */
  tell(...events: readonly Event[]): void {
    if (this.parts.clock.now() < this.restsUntil) this.endRest();
    this.report(...events);
  }

  /**
   * Takes events that have happened. Events of one tick of the event loop share a turn. So do events of the rest after a
   * long turn, which ends at the first deadline of a request at the latest. Under load this leaves time for requests for
   * warm models, and fewer turns decide the same.
   */
  report(...events: readonly Event[]): void {
    this.inbox.push(...events);
    if (this.turnDue || this.stopped) return;
    this.turnDue = true;
    const { clock } = this.parts;
    if (clock.now() < this.restsUntil) return this.setAlarm(this.restsUntil);
    clock.soon(() => {
      // An alarm may have brought the turn before.
      if (this.turnDue) this.turn();
    });
  }

  /** For a caller that reads its own write, and for a request whose deadline is before the end of the rest. */
  private endRest(): void {
    this.restsUntil = -Infinity;
    this.turnDue = false;
  }

  /**
   * Declares a server, or changes its declaration. Its connection is kept unless `anew` says that it is now reached in
   * another way (`closed`) or at another address (`moved`). Its state is kept even then; orders in flight end unknown.
   */
  addServer(spec: ServerSpec, link: () => ModelServer, anew: 'closed' | 'moved' | null = null): void {
    this.tell({ kind: 'ServerDeclared', server: spec }, ...this.late.declare(spec.id));
    if (anew) {
      this.tell({ kind: 'ContactChanged', server: spec.id, fact: anew });
      this.actuator.unlink(spec.id);
    }
    this.actuator.link(spec.id, link);
  }

  /** Forgets a server and closes the connection to it. Its models stay loaded. */
  removeServer(id: ServerId): void {
    this.tell({ kind: 'ServerWithdrawn', server: id });
    this.actuator.unlink(id);
  }

  /** The route to a warm model, at once and without a turn; undefined where the request has to be admitted. */
  route(query: ResolveQuery): Route | undefined {
    if (this.stopped) return undefined;
    const now = this.now();
    const replica = pickRoute(this.state, query, this.uses, now);
    if (!replica) return undefined;
    const lease = leaseOn(this.state, replica, query.lease, now);
    this.uses.note(replica.id, now, now + lease);
    this.leases.note(replica.server, lease, now);
    if (this.leases.dueAt < this.alarmAt && !this.turnDue) this.setAlarm(this.leases.dueAt);
    return routeTo(replica, query, { lease, waited: 0, cold: false, ...this.routeVersion });
  }

  /** Lets a request wait for its model. It is answered exactly once, at its deadline at the latest. */
  admit(query: ResolveQuery, maxWait: number): Pending {
    if (this.stopped)
      return { answer: Promise.resolve(stoppedAnswer(this.stopped)), cancel: () => undefined };
    const now = this.now();
    const id = `r${++this.requests}` as RequestId;
    const model = this.state.models.get(query.model);
    const wait = Math.min(query.wait ?? maxWait, maxWait);
    const answer = this.callers.add(id, query);
    if (now + wait < this.restsUntil) this.endRest();
    const rank = query.class ?? model?.class ?? 'default';
    this.report({ kind: 'RequestArrived', request: requestOf(id, query, { now, wait, rank }) });
    const cancel = (): void => {
      if (this.callers.forget(id)) this.report({ kind: 'RequestCancelled', request: id });
    };
    return { answer, cancel };
  }

  /** Whether orders were wanted and none was sent since this was called before. */
  readonly takeKeptBack = (): boolean => this.actuator.takeKeptBack(this.state);

  /** Answers all waiting requests and stops deciding: this process ends, or its term. Models stay loaded. */
  stop(reason: StopReason = 'shutting_down'): void {
    if (this.stopped) return;
    this.inbox.push({ kind: 'ShutdownBegun', reason });
    this.turn();
    this.leases.finish(this.state, this.now());
    this.end(reason);
  }

  private end(reason: StopReason): void {
    this.stopped = reason;
    this.parts.clock.setAlarm(Infinity, () => undefined);
    this.actuator.close();
  }

  /** Throws where the core does: then this engine has ended, and its process has to end. */
  private turn(): void {
    if (this.stopped) return;
    this.turnDue = false;
    const now = this.parts.clock.now();
    let events: readonly Event[] = [];
    try {
      events = this.takeInbox();
      this.take(events, now);
    } catch (error) {
      this.fail({ events, now, error });
      throw error;
    }
  }

  private take(events: readonly Event[], now: number): void {
    const { actions, isAtRest } = playInstant(this.state, events, now);
    for (const action of actions) this.carryOut(action);
    this.notebook.keep(this.state, events);
    this.leases.keep(this.state, events, now);
    const turn = { events, actions, now, took: this.parts.clock.now() - now, isAtRest };
    for (const observer of this.parts.observers) observer.turnTaken(turn, this.state);
    this.rest(now, this.state.wakeAt);
  }

  /** The fleet may be half changed: no more turns are taken, and every waiting request is refused. */
  private fail(turn: FailedTurn): void {
    this.stopped = 'shutting_down';
    this.callers.answerAll(stoppedAnswer(this.stopped));
    for (const observer of this.parts.observers) observer.turnFailed?.(turn);
    this.end(this.stopped);
  }

  /** Rests until an event comes, or time alone changes a decision; not past the deadline of a request. */
  private rest(began: number, wake: number): void {
    const { clock } = this.parts;
    const ended = clock.now();
    let until = ended - began < LONG_TURN ? ended : ended + Math.min(REST * (ended - began), MAX_REST);
    until = Math.min(until, earliestDeadline(this.state));
    this.restsUntil = until;
    // An event that came in this very turn has its turn already.
    if (this.turnDue) return;
    this.setAlarm(Math.max(Math.min(wake, this.leases.dueAt), until));
  }

  private setAlarm(at: number): void {
    this.alarmAt = at;
    this.parts.clock.setAlarm(at, () => this.turn());
  }

  /** The routes given since the last turn come first, so that no copy is drained that has just got one. */
  private takeInbox(): readonly Event[] {
    return [...this.uses.take(), ...holdsNow(this.state, this.parts), ...this.inbox.splice(0)];
  }

  private carryOut(action: Action): void {
    if (action.kind === 'grant') return this.grant(action);
    if (action.kind !== 'refuse') return this.actuator.carryOut(action);
    this.callers.answer(action.request, { kind: 'refusal', refusal: action.refusal });
  }

  /** The lease holds even where the same turn has begun to drain the replica for a model that starves. */
  private grant({ request, replica: id, versions, lease, waited, cold }: ActionOf<'grant'>): void {
    const query = this.callers.queryOf(request);
    if (!query) return;
    const replica = this.state.replicas.get(id)!;
    this.uses.handedOut.note(id, this.now());
    this.leases.note(replica.server, lease, this.now());
    const told = { lease, waited, cold, ...this.routeVersion };
    this.callers.answer(request, routeTo({ ...replica, versions }, query, told));
  }

  private get routeVersion(): Pick<Route, 'term' | 'sequence'> {
    return { term: this.term, sequence: this.state.routesRevision };
  }
}
