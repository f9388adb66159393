import {
  type Action,
  type ActionOf,
  copyFleet,
  emptyFleet,
  type Event,
  type EventOf,
  type Fleet,
  type Instant,
  type ModelId,
  nextWake,
  pickRoute,
  type Request,
  type RequestId,
  type ServerId,
  step,
  type TenantId,
} from '#core';
import type { Shelf } from '../core-site.js';
import { declarations, loadTimeOf, shelves } from './virtual-fleet.js';
import type { Outcome } from './outcomes.js';
import { type Arrival, LEASE_MS, UNLOAD_MS, type Workload } from './workload.js';

const TOOK_MS = { look: 15, statistics: 5, unload: 10, describe: 5 };
const NOBODY = { lastUse: () => undefined };

/** An arrival with a name, and the tenant that sends it. */
export interface Ask extends Arrival {
  readonly id: RequestId;
  readonly tenant: TenantId;
}

/** What is to come. Data, so that a site can be copied. */
type Coming =
  | { readonly kind: 'ask'; readonly ask: Ask }
  | { readonly kind: 'look'; readonly order: ActionOf<'look'>; readonly begunAt: Instant }
  | { readonly kind: 'loaded'; readonly order: ActionOf<'load'> }
  | { readonly kind: 'unloaded'; readonly order: ActionOf<'unload'> }
  | { readonly kind: 'left'; readonly server: ServerId; readonly model: ModelId }
  | { readonly kind: 'described'; readonly server: ServerId; readonly model: ModelId };

/** The core before servers of a workload, in virtual time: what it orders is carried out. The same asks give the same play. */
export class VirtualSite {
  now: Instant = 0;
  loads = 0;
  turns = 0;
  readonly outcomes: (Outcome & { readonly id: RequestId; readonly tenant: TenantId })[] = [];
  /** What was told of those turned away, where anything was. */
  readonly details = new Map<RequestId, string>();
  private readonly asked = new Map<RequestId, Ask>();
  private wake: Instant = 0;

  private constructor(
    private readonly workload: Workload,
    readonly fleet: Fleet,
    private readonly shelves: ReadonlyMap<ServerId, Shelf>,
    private readonly agenda: Map<Instant, Coming[]>,
  ) {}

  static of(workload: Workload, asks: readonly Ask[]): VirtualSite {
    const site = new VirtualSite(workload, emptyFleet(), shelves(workload), new Map());
    for (const ask of asks) site.at(Math.ceil(ask.at), { kind: 'ask', ask });
    site.turn(declarations(workload));
    return site;
  }

  /** One of its own, to which the same would happen. */
  copy(): VirtualSite {
    const shelves = new Map([...this.shelves].map(([id, shelf]) => [id, shelf.copy()]));
    const agenda = new Map([...this.agenda].map(([at, coming]) => [at, [...coming]]));
    const copy = new VirtualSite(this.workload, copyFleet(this.fleet), shelves, agenda);
    for (const [id, ask] of this.asked) copy.asked.set(id, ask);
    Object.assign(copy, { now: this.now, wake: this.wake, loads: this.loads, turns: this.turns });
    return copy;
  }

  /** The request waits from now on as if it had been admitted; the core is not told that it has come. */
  letIn(request: Request, ask: Ask): void {
    this.asked.set(request.id, ask);
    this.fleet.waiting.set(request.id, request);
    this.fleet.promises.set(request.id, request.deadline);
    this.wake = this.now;
  }

  /** Plays on until that moment, which is still to come then. */
  until(end: Instant): void {
    for (; this.now < end; this.now += 1) {
      const due = this.agenda.get(this.now);
      const isAwake = this.wake <= this.now;
      if (!due && !isAwake) continue;
      this.agenda.delete(this.now);
      const events = (due ?? []).flatMap((coming) => this.happen(coming));
      if (events.length > 0 || isAwake) this.turn(events);
    }
  }

  private turn(events: readonly Event[]): void {
    this.turns += 1;
    const actions = step(this.fleet, events, this.now);
    this.wake = nextWake(this.fleet, this.now);
    for (const action of actions) this.carryOut(action);
  }

  private happen(coming: Coming): Event[] {
    switch (coming.kind) {
      case 'ask':
        return this.ask(coming.ask);
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
    const { id, tenant, class: of, wait } = ask;
    const model = ask.model as ModelId;
    const replica = pickRoute(this.fleet, { model, version: null, avoid: [] }, NOBODY);
    if (replica) {
      this.outcomes.push({ ...ask, answeredAt: this.now, answer: 'warm' });
      const use = { replica: replica.id, at: this.now, inUseUntil: this.now + LEASE_MS, routes: 1 };
      return [{ kind: 'RoutesUsed', uses: [use] }];
    }
    this.asked.set(id, ask);
    const times = { arrivedAt: this.now, deadline: this.now + wait, lease: LEASE_MS };
    const request: Request = {
      id,
      model,
      version: null,
      ...times,
      class: of,
      avoid: [],
      tenant,
      bytes: 1_100,
    };
    return [{ kind: 'RequestArrived', request }];
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
        return this.at(this.now + loadTimeOf(this.workload, action), { kind: 'loaded', order: action });
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
        if (action.refusal.detail) this.details.set(action.request, action.refusal.detail);
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
    const due = this.agenda.get(moment);
    if (due) due.push(coming);
    else this.agenda.set(moment, [coming]);
  }
}
