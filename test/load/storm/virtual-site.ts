import {
  type Action,
  type ActionOf,
  copyFleet,
  emptyFleet,
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  type Millis,
  type ModelId,
  nextWake,
  pickRoute,
  type Request,
  type RequestId,
  type ServerId,
  step,
  type TenantId,
} from '#core';
import { aRequest } from '../../support/builders.js';
import type { Shelf } from '../core-site.js';
import { declarations, loadTimeOf, shelves } from './virtual-fleet.js';
import type { Outcome } from './outcomes.js';
import { admit, isPromised } from './promise.js';
import { type Arrival, UNLOAD_MS, type Workload } from './workload.js';

const TOOK_MS = { look: 15, statistics: 5, unload: 10, describe: 5 };
const NO_USES = { lastUse: () => undefined };
const NONE: readonly Ask[] = [];

/** An arrival with a name, and the tenant that sends it. */
export interface Ask extends Arrival {
  readonly id: RequestId;
  readonly tenant: TenantId;
}

/** A request as the service makes it of an ask. */
export const requestOf = (ask: Ask, now: Instant): Request => ({
  ...aRequest(ask.id, ask.model, now, ask),
  bytes: 1_100,
});

/** What is to come. Data, so that a site can be copied. */
type Coming =
  | { readonly kind: 'look'; readonly order: ActionOf<'look'>; readonly begunAt: Instant }
  | { readonly kind: 'loaded'; readonly order: ActionOf<'load'> }
  | { readonly kind: 'unloaded'; readonly order: ActionOf<'unload'> }
  | { readonly kind: 'left'; readonly server: ServerId; readonly model: ModelId }
  | { readonly kind: 'described'; readonly server: ServerId; readonly model: ModelId };

/** What never changes in a play. */
interface Given {
  readonly workload: Workload;
  /** The first to come first. */
  readonly asks: readonly Ask[];
  /** What happens is heard so often. */
  readonly grain: Millis;
}

/** The core before servers of a workload, in virtual time: what it orders is carried out. The same asks give the same play. */
export class VirtualSite {
  now: Instant = 0;
  loads = 0;
  turns = 0;
  readonly outcomes: (Outcome & { readonly id: RequestId; readonly tenant: TenantId })[] = [];
  readonly refusals = new Map<RequestId, ActionOf<'refuse'>>();
  /** The requests that waited, or wait, with a promise. */
  readonly promised = new Set<RequestId>();
  /** What was asked and is not answered. */
  private readonly asked = new Map<RequestId, Ask>();
  /** Of these the ones without a promise so far. */
  private readonly unpromised = new Set<RequestId>();
  private wake: Instant = 0;
  /** How many of the asks have come. */
  private come = 0;

  private constructor(
    private readonly given: Given,
    readonly fleet: Fleet,
    private readonly shelves: ReadonlyMap<ServerId, Shelf>,
    private readonly agenda: Map<Instant, Coming[]>,
  ) {}

  static of(workload: Workload, asks: readonly Ask[], grain: Millis = 1): VirtualSite {
    const given = { workload, asks: asks.toSorted((one, other) => one.at - other.at), grain };
    const site = new VirtualSite(given, emptyFleet(), shelves(workload), new Map());
    site.turn(declarations(workload));
    return site;
  }

  /** One of its own, to which the same would happen. */
  copy(): VirtualSite {
    const shelves = new Map([...this.shelves].map(([id, shelf]) => [id, shelf.copy()]));
    const agenda = new Map([...this.agenda].map(([at, coming]) => [at, [...coming]]));
    const copy = new VirtualSite(this.given, copyFleet(this.fleet), shelves, agenda);
    for (const [id, ask] of this.asked) copy.asked.set(id, ask);
    for (const id of this.unpromised) copy.unpromised.add(id);
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
      const due = this.agenda.get(this.now);
      const asks = this.asksDue();
      const isAwake = this.wake <= this.now;
      if (!due && asks.length === 0 && !isAwake) continue;
      this.agenda.delete(this.now);
      const happened = (due ?? []).flatMap((coming) => this.happen(coming));
      const events = [...asks.flatMap((ask) => this.ask(ask)), ...happened];
      if (events.length > 0 || isAwake) this.turn(events);
    }
  }

  private asksDue(): readonly Ask[] {
    const first = this.come;
    const { asks } = this.given;
    while (this.come < asks.length && asks[this.come]!.at <= this.now) this.come += 1;
    return this.come === first ? NONE : asks.slice(first, this.come);
  }

  private turn(events: readonly Event[]): void {
    this.turns += 1;
    const actions = step(this.fleet, events, this.now);
    this.wake = nextWake(this.fleet, this.now);
    for (const action of actions) this.carryOut(action);
    this.notePromises();
  }

  private notePromises(): void {
    for (const id of this.unpromised) {
      if (isPromised(this.fleet, id)) this.promised.add(id);
      else if (this.asked.has(id)) continue;
      this.unpromised.delete(id);
    }
  }

  private happen(coming: Coming): Event[] {
    switch (coming.kind) {
      case 'look': {
        const { order, begunAt } = coming;
        const look = this.shelf(order.server).lookAt(order, begunAt, this.now);
        return [{ kind: 'Looked', server: order.server, look }];
      }
      case 'loaded': {
        const { order, replica, server, model, config } = coming.order;
        this.shelf(server).put(model, config!.gpus[0]!);
        return [{ kind: 'LoadEnded', order, replica, outcome: { kind: 'succeeded', versions: ['1'] } }];
      }
      case 'unloaded': {
        const { order, replica } = coming.order;
        return [{ kind: 'UnloadEnded', order, replica, outcome: { kind: 'succeeded', versions: [] } }];
      }
      case 'left':
        this.shelf(coming.server).states.set(coming.model, 'UNAVAILABLE');
        return [];
      case 'described':
        return [this.described(coming)];
    }
  }

  /** A warm one is answered without a turn, and its use is told. */
  private ask(ask: Ask): Event[] {
    const { id, lease } = ask;
    const model = ask.model as ModelId;
    const replica = pickRoute(this.fleet, { model, version: null, avoid: [] }, NO_USES);
    if (replica) {
      this.outcomes.push({ ...ask, answeredAt: this.now, answer: 'warm' });
      const use = { replica: replica.id, at: this.now, inUseUntil: this.now + lease, routes: 1 };
      return [{ kind: 'RoutesUsed', uses: [use] }];
    }
    this.asked.set(id, ask);
    this.unpromised.add(id);
    return [{ kind: 'RequestArrived', request: requestOf(ask, this.now) }];
  }

  private described({ server, model }: { server: ServerId; model: ModelId }): EventOf<'ConfigLearned'> {
    const gpus = [this.shelf(server).devices.get(model)!];
    return {
      kind: 'ConfigLearned',
      server,
      model,
      config: { json: '{}', kind: 'gpu', gpus, count: 1, batch: 1 },
      steps: [],
    };
  }

  private carryOut(action: Action): void {
    switch (action.kind) {
      case 'look':
        return this.at(this.now + (action.scope === 'full' ? TOOK_MS.look : TOOK_MS.statistics), {
          ...{ kind: 'look', order: action, begunAt: this.now },
        });
      case 'load':
        this.loads += 1;
        this.shelf(action.server).states.set(action.model, 'LOADING');
        return this.at(this.now + loadTimeOf(this.given.workload, action), { kind: 'loaded', order: action });
      case 'unload': {
        const { server, model } = action;
        this.shelf(server).states.set(model, 'UNLOADING');
        this.at(this.now + UNLOAD_MS, { kind: 'left', server, model });
        return this.at(this.now + TOOK_MS.unload, { kind: 'unloaded', order: action });
      }
      case 'describe':
        return this.at(this.now + TOOK_MS.describe, {
          ...{ kind: 'described', server: action.server, model: action.model },
        });
      case 'grant':
        return this.answer(action.request, action.cold ? 'cold' : 'warm');
      case 'refuse':
        this.refusals.set(action.request, action);
        return this.answer(action.request, action.refusal.reason);
      case 'probe':
    }
  }

  private answer(id: RequestId, answer: string): void {
    this.outcomes.push({ ...this.asked.get(id)!, answeredAt: this.now, answer });
    this.asked.delete(id);
  }

  private shelf = (server: ServerId): Shelf => this.shelves.get(server)!;

  private at(moment: Instant, coming: Coming): void {
    const { grain } = this.given;
    const heard = Math.ceil(moment / grain) * grain;
    const due = this.agenda.get(heard);
    if (due) due.push(coming);
    else this.agenda.set(heard, [coming]);
  }
}
