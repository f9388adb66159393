import {
  type Action,
  type ActionOf,
  emptyFleet,
  type Event,
  type Fleet,
  leaseOn,
  nextWake,
  pickRoute,
  type RequestId,
  type ServerId,
  type ServerSpec,
  step,
} from '#core';
import { Actuator } from './actuator.js';
import { type Answer, type Pending, type ResolveQuery, type Route, type Routed, routeTo } from './answer.js';
import type { ToldOfRoute } from './answer.js';
import { Callers, requestOf } from './callers.js';
import type { EngineParts } from './engine-parts.js';
import { LeaseBook } from './lease-book.js';
import { Notebook } from './notebook.js';
import type { ModelServer } from './ports/model-server.js';
import type { FailedTurn } from './ports/observer.js';
import { Uses } from './uses.js';

/** A turn that took so long, in ms, is followed by a rest as long as itself, up to the longest. */
const LONG_TURN = 2;
const LONGEST_REST = 20;

const STOPPED: Answer = { kind: 'refusal', refusal: { reason: 'shutting_down', retryAfter: 1_000 } };

/** Runs the core: gathers what happened, takes one turn, carries out what the turn decided. */
export class Engine {
  private readonly state = emptyFleet();
  private readonly callers = new Callers();
  private readonly uses = new Uses();
  private readonly notebook: Notebook;
  private readonly leases: LeaseBook;
  private readonly actuator: Actuator;
  private inbox: Event[] = [];
  private turnDue = false;
  private restsUntil = -Infinity;
  private alarmAt = Infinity;
  private stopped = false;
  private requests = 0;

  constructor(private readonly parts: EngineParts) {
    this.notebook = new Notebook(parts.learned);
    this.leases = new LeaseBook(parts.learned, parts.wallNow);
    this.actuator = new Actuator(this.notebook, (event) => this.report(event));
  }

  /** Takes up what an earlier life learned of the servers declared so far. Called once, before a server is met. */
  async recall(): Promise<void> {
    this.tell(...(await this.notebook.recall()), ...(await this.leases.recall(this.now())));
  }

  /** What is known at this moment. Readers must not change it. */
  get fleet(): Readonly<Fleet> {
    return this.state;
  }

  get term(): number {
    return this.parts.leadership.term;
  }

  now(): number {
    return this.parts.clock.now();
  }

  /** What admins and the configuration want. Its turn is in the next tick: callers answered then read their writes. */
  tell(...events: readonly Event[]): void {
    if (this.parts.clock.now() < this.restsUntil) this.endRest();
    this.report(...events);
  }

  /**
   * What has happened. Events of one tick of the event loop share a turn. So do those after a long turn, for as long as
   * that took, but until the first deadline of a request at most. In a storm this leaves time for requests for warm
   * models, and fewer turns decide the same.
   */
  report(...events: readonly Event[]): void {
    this.inbox.push(...events);
    if (this.turnDue || this.stopped) return;
    this.turnDue = true;
    const { clock } = this.parts;
    if (clock.now() < this.restsUntil) this.setAlarm(this.restsUntil);
    else this.turnSoon();
  }

  /** For a request whose time would be up by then, or a caller that reads its own write. */
  private endRest(): void {
    this.restsUntil = -Infinity;
    this.turnDue = false;
  }

  /** Unless an alarm has brought one before. */
  private turnSoon(): void {
    this.parts.clock.soon(() => {
      if (this.turnDue) this.turn();
    });
  }

  /**
   * Declares a server, or changes what was told of it. Its connection is kept unless `anew` says that it is reached
   * otherwise now, or has `moved` to another address. What is known of it stays even then, and orders in flight end
   * with an unknown outcome.
   */
  addServer(spec: ServerSpec, link: () => ModelServer, anew: 'closed' | 'moved' | null = null): void {
    this.tell({ kind: 'ServerDeclared', server: spec });
    if (anew) this.tell({ kind: 'ContactChanged', server: spec.id, fact: anew });
    if (anew) this.actuator.unlink(spec.id);
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
    const replica = pickRoute(this.state, query, this.uses);
    if (!replica) return undefined;
    const now = this.now();
    const lease = leaseOn(this.state, replica, query.lease, now);
    this.uses.note(replica.id, now, now + lease);
    this.leases.note(replica.server, lease, now);
    if (this.leases.dueAt < this.alarmAt && !this.turnDue) this.setAlarm(this.leases.dueAt);
    return this.routeTo(replica, query, { lease, waited: 0, cold: false });
  }

  /** Lets a request wait for its model. It is answered exactly once, at its deadline at the latest. */
  admit(query: ResolveQuery, maxWait: number): Pending {
    if (this.stopped) return { answer: Promise.resolve(STOPPED), cancel: () => undefined };
    const now = this.now();
    const id = `r${++this.requests}` as RequestId;
    const model = this.state.models.get(query.model);
    const wait = Math.min(query.wait ?? maxWait, maxWait);
    const answer = this.callers.add(id, query);
    if (now + wait < this.restsUntil) this.endRest();
    const rank = query.class ?? model?.class ?? 'default';
    this.report({ kind: 'RequestArrived', request: requestOf(id, query, { now, wait, rank }) });
    return { answer, cancel: () => this.cancel(id) };
  }

  /** Answers all waiting requests and stops deciding. Models stay loaded. */
  stop(): void {
    if (this.stopped) return;
    this.inbox.push({ kind: 'ShutdownBegun' });
    this.turn();
    this.leases.finish(this.state, this.now());
    this.end();
  }

  private end(): void {
    this.stopped = true;
    this.parts.clock.setAlarm(Infinity, () => undefined);
    this.actuator.close();
  }

  private cancel(id: RequestId): void {
    if (this.callers.forget(id)) this.report({ kind: 'RequestCancelled', request: id });
  }

  /** Throws where the turn does; then this engine has ended, and its process has to. */
  private turn(): void {
    if (this.stopped) return;
    this.turnDue = false;
    const now = this.parts.clock.now();
    const events = this.takeInbox();
    try {
      this.take(events, now);
    } catch (error) {
      this.fail({ events, now, error });
      throw error;
    }
  }

  private take(events: readonly Event[], now: number): void {
    const actions = step(this.state, events, now);
    for (const action of actions) this.carryOut(action);
    this.notebook.keep(this.state, events);
    this.leases.keep(this.state, events, now);
    const turn = { events, actions, now, took: this.parts.clock.now() - now };
    const wake = nextWake(this.state, now);
    for (const observer of this.parts.observers) observer.turnTaken(turn, this.state);
    this.rest(now, wake);
  }

  /** The fleet may be half changed: nothing more is decided, and every request that waits is refused. */
  private fail(turn: FailedTurn): void {
    this.stopped = true;
    this.callers.answerAll(STOPPED);
    for (const observer of this.parts.observers) observer.turnFailed?.(turn);
    this.end();
  }

  /** Until something is told, or time alone changes a decision. No request waits past its deadline for that. */
  private rest(began: number, wake: number): void {
    const { clock } = this.parts;
    const ended = clock.now();
    let until = ended - began < LONG_TURN ? ended : Math.min(2 * ended - began, ended + LONGEST_REST);
    for (const { deadline } of this.state.waiting.values()) until = Math.min(until, deadline);
    this.restsUntil = until;
    // What was told in this very turn is due already.
    if (this.turnDue) return;
    this.setAlarm(Math.max(Math.min(wake, this.leases.dueAt), until));
  }

  private setAlarm(at: number): void {
    this.alarmAt = at;
    this.parts.clock.setAlarm(at, () => this.turn());
  }

  /** Routes handed out since the last turn come first, so that nothing is drained that was just given. */
  private takeInbox(): readonly Event[] {
    const uses = this.uses.take();
    const events = uses.length > 0 ? [{ kind: 'RoutesUsed', uses } as const, ...this.inbox] : this.inbox;
    this.inbox = [];
    return events;
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'grant':
        return this.grant(action);
      case 'refuse':
        return this.callers.answer(action.request, { kind: 'refusal', refusal: action.refusal });
      default:
        this.actuator.carryOut(action, this.parts.leadership.mayAct());
    }
  }

  /** The lease holds, also where the same turn has begun to drain the replica for a request that starves. */
  private grant({ request, replica: id, versions, lease, waited, cold }: ActionOf<'grant'>): void {
    const query = this.callers.queryOf(request);
    if (!query) return;
    const replica = this.state.replicas.get(id)!;
    this.leases.note(replica.server, lease, this.now());
    this.callers.answer(request, this.routeTo({ ...replica, versions }, query, { lease, waited, cold }));
  }

  private routeTo(replica: Routed, query: ResolveQuery, told: ToldOfRoute): Route {
    return routeTo(replica, query, { ...told, term: this.term, sequence: this.state.routesRevision });
  }
}
