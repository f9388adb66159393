import {
  type Action,
  type ActionOf,
  copyFleet,
  emptyFleet,
  type Event,
  type Fleet,
  type Instant,
  type Millis,
  type ModelId,
  HandedOut,
  pickRoute,
  type Request,
  type RequestId,
  type TenantId,
} from '#core';
import { aRequest } from '../../support/builders.js';
import { VirtualServers } from '../virtual-servers.js';
import type { Truth } from '../virtual-memory.js';
import { declarations, loadTimes, plainTruth, shelves } from './virtual-fleet.js';
import type { Outcome } from './outcomes.js';
import { admit, isPromised } from './promise.js';
import { type Arrival, UNLOAD_MS, type Workload } from './workload.js';
import { decide } from '../../support/decide.js';

const NO_USES = { lastUse: () => undefined, handedOut: new HandedOut() };
const NONE: readonly Ask[] = [];

/** An arrival with a name, and the tenant that sends it. */
export interface Ask extends Arrival {
  readonly id: RequestId;
  readonly tenant: TenantId;
}

/** A request as the service makes it of an ask. */
export const requestOf = (ask: Ask, now: Instant): Request => aRequest(ask.id, ask.model, now, ask);

/** What became of an ask. */
export type Answered = Outcome & Ask;

/** What never changes in a play. Functions have no state: a play can be copied. */
interface Given {
  /** The first to come first. */
  readonly asks: readonly Ask[];
  /** What happens is heard so often. */
  readonly grain: Millis;
  /** What its caller asks for after an answer, where callers wait for answers. */
  readonly next: (answered: Answered) => Ask | null;
}

/** What else may be said of a play. */
export interface PlayOptions extends Partial<Omit<Given, 'asks'>> {
  readonly truth?: Truth;
}

/** A turn of the core, as it was taken. */
export interface SeenTurn {
  readonly events: readonly Event[];
  readonly actions: readonly Action[];
  readonly now: Instant;
  readonly fleet: Readonly<Fleet>;
}

/** The core before servers of a workload, in virtual time: what it orders is carried out. The same asks give the same play. */
export class VirtualSite {
  now: Instant = 0;
  loads = 0;
  turns = 0;
  readonly outcomes: Answered[] = [];
  readonly refusals = new Map<RequestId, ActionOf<'refuse'>>();
  /** The requests that waited, or wait, with a promise. */
  readonly promised = new Set<RequestId>();
  /** Sees each turn of this play, but not those of its copies. */
  watch: ((turn: SeenTurn) => void) | null = null;
  /** What was asked and is not answered. */
  private readonly asked = new Map<RequestId, Ask>();
  /** Of these the ones without a promise so far. */
  private readonly unpromised = new Set<RequestId>();
  private wake: Instant = 0;
  /** How many of the asks have come. */
  private come = 0;
  /** What callers ask for after an answer, by the moment at which that is heard. */
  private readonly later = new Map<Instant, Ask[]>();

  private constructor(
    private readonly given: Given,
    readonly fleet: Fleet,
    private readonly servers: VirtualServers,
  ) {}

  static of(workload: Workload, asks: readonly Ask[], options: PlayOptions = {}): VirtualSite {
    const { grain = 1, next = () => null, truth = plainTruth(workload) } = options;
    const given = { asks: asks.toSorted((one, other) => one.at - other.at), grain, next };
    const pace = { load: loadTimes(workload), unload: workload.unloadMs ?? UNLOAD_MS, grain };
    const site = new VirtualSite(given, emptyFleet(), VirtualServers.of(shelves(workload), truth, pace));
    site.turn(declarations(workload, truth));
    return site;
  }

  /** One of its own, to which the same would happen. */
  copy(): VirtualSite {
    const copy = new VirtualSite(this.given, copyFleet(this.fleet), this.servers.copy());
    for (const [id, ask] of this.asked) copy.asked.set(id, ask);
    for (const id of this.unpromised) copy.unpromised.add(id);
    for (const [at, asks] of this.later) copy.later.set(at, [...asks]);
    const { now, wake, come, loads, turns } = this;
    Object.assign(copy, { now, wake, come, loads, turns });
    return copy;
  }

  /** The request waits from now on as if it had been admitted; the core is not told that it has come. */
  admit(request: Request, ask: Ask): void {
    this.asked.set(request.id, ask);
    admit(this.fleet, request);
    this.wake = this.now;
  }

  /** Plays on until that moment, which is still to come then. */
  until(end: Instant): void {
    for (; this.now < end; this.now += this.given.grain) {
      const happened = this.servers.eventsAt(this.now);
      const events = [...this.asksDue().flatMap((ask) => this.ask(ask)), ...happened];
      if (events.length > 0 || this.wake <= this.now) this.turn(events);
    }
  }

  private asksDue(): readonly Ask[] {
    const first = this.come;
    const { asks } = this.given;
    while (this.come < asks.length && asks[this.come]!.at <= this.now) this.come += 1;
    const again = this.later.get(this.now) ?? NONE;
    this.later.delete(this.now);
    return this.come === first ? again : [...asks.slice(first, this.come), ...again];
  }

  private turn(events: readonly Event[]): void {
    this.turns += 1;
    const actions = decide(this.fleet, events, this.now);
    this.wake = this.fleet.wakeAt;
    for (const action of actions) this.note(action);
    this.notePromises();
    this.watch?.({ events, actions, now: this.now, fleet: this.fleet });
  }

  private notePromises(): void {
    for (const id of this.unpromised) {
      if (isPromised(this.fleet, id)) this.promised.add(id);
      else if (this.asked.has(id)) continue;
      this.unpromised.delete(id);
    }
  }

  /** A warm one is answered without a turn, and its use is told. */
  private ask(ask: Ask): Event[] {
    const { id, lease } = ask;
    const model = ask.model as ModelId;
    const replica = pickRoute(this.fleet, { model, version: null, avoid: [] }, NO_USES);
    if (replica) {
      this.tell({ ...ask, answeredAt: this.now, answer: 'warm' });
      const use = { replica: replica.id, at: this.now, inUseUntil: this.now + lease, routes: 1 };
      return [{ kind: 'RoutesUsed', uses: [use] }];
    }
    this.asked.set(id, ask);
    this.unpromised.add(id);
    return [{ kind: 'RequestArrived', request: requestOf(ask, this.now) }];
  }

  private note(action: Action): void {
    if (action.kind === 'load') this.loads += 1;
    if (action.kind === 'grant') this.answer(action.request, action.cold ? 'cold' : 'warm');
    if (action.kind === 'refuse') {
      this.refusals.set(action.request, action);
      this.answer(action.request, action.refusal.reason);
    }
    this.servers.carryOut(action, this.now);
  }

  private answer(id: RequestId, answer: string): void {
    this.tell({ ...this.asked.get(id)!, answeredAt: this.now, answer });
    this.asked.delete(id);
  }

  private tell(answered: Answered): void {
    this.outcomes.push(answered);
    const { next, grain } = this.given;
    const ask = next(answered);
    if (!ask) return;
    const heard = Math.max(this.now + grain, Math.ceil(ask.at / grain) * grain);
    const due = this.later.get(heard);
    if (due) due.push(ask);
    else this.later.set(heard, [ask]);
  }
}
