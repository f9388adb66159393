import type { Action, ActionOf, Event, Instant, Millis, ModelId, ServerId } from '#core';
import type { Shelf } from '../support/shelf.js';

const TOOK_MS = { look: 15, statistics: 5, unload: 10, describe: 5 };
const NONE: readonly Coming[] = [];

/** What is to come. Data, so that servers can be copied. */
type Coming =
  | { readonly kind: 'look'; readonly order: ActionOf<'look'>; readonly begunAt: Instant }
  | { readonly kind: 'loaded'; readonly order: ActionOf<'load'> }
  | { readonly kind: 'unloaded'; readonly order: ActionOf<'unload'> }
  | { readonly kind: 'left'; readonly server: ServerId; readonly model: ModelId }
  | { readonly kind: 'described'; readonly server: ServerId; readonly model: ModelId };

/** How long things take on servers in virtual time. */
interface Pace {
  readonly load: (order: ActionOf<'load'>) => Millis;
  /** From the order to unload until the memory is free; the answer comes before. */
  readonly unload: Millis;
  /** What happens is heard so often. */
  readonly grain: Millis;
}

/** Servers in virtual time, one by shelf, that carry out what the core orders. */
export class VirtualServers {
  constructor(
    private readonly shelves: ReadonlyMap<ServerId, Shelf>,
    private readonly pace: Pace,
    private readonly agenda = new Map<Instant, Coming[]>(),
  ) {}

  /** Servers of their own, to which the same would happen. */
  copy(): VirtualServers {
    const shelves = new Map([...this.shelves].map(([id, shelf]) => [id, shelf.copy()]));
    const agenda = new Map([...this.agenda].map(([at, coming]) => [at, [...coming]]));
    return new VirtualServers(shelves, this.pace, agenda);
  }

  /** What is heard of them at this moment. To be asked at each moment, once. */
  eventsAt(now: Instant): readonly Event[] {
    const due = this.agenda.get(now) ?? NONE;
    this.agenda.delete(now);
    return due.flatMap((coming) => this.happen(coming, now));
  }

  /** Begins what was ordered. Answers to requests are no orders. */
  carryOut(action: Action, now: Instant): void {
    switch (action.kind) {
      case 'look': {
        const took = action.scope === 'full' ? TOOK_MS.look : TOOK_MS.statistics;
        return this.at(now + took, { kind: 'look', order: action, begunAt: now });
      }
      case 'load':
        this.shelf(action.server).set(action.model, 'LOADING');
        return this.at(now + this.pace.load(action), { kind: 'loaded', order: action });
      case 'unload': {
        const { server, model } = action;
        this.shelf(server).set(model, 'UNLOADING');
        this.at(now + this.pace.unload, { kind: 'left', server, model });
        return this.at(now + TOOK_MS.unload, { kind: 'unloaded', order: action });
      }
      case 'describe': {
        const { server, model } = action;
        return this.at(now + TOOK_MS.describe, { kind: 'described', server, model });
      }
      default:
    }
  }

  private happen(coming: Coming, now: Instant): Event[] {
    switch (coming.kind) {
      case 'look': {
        const { order, begunAt } = coming;
        const look = this.shelf(order.server).look(begunAt, order.scope, order.probeMode);
        return [{ kind: 'Looked', server: order.server, look: { ...look, endedAt: now } }];
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
        this.shelf(coming.server).set(coming.model, 'UNAVAILABLE', 'unloaded');
        return [];
      case 'described': {
        const { server, model } = coming;
        const gpus = [this.shelf(server).devices.get(model)!];
        const config = { json: '{}', kind: 'gpu', gpus, count: 1, batch: 1 } as const;
        return [{ kind: 'ConfigLearned', server, model, config, steps: [] }];
      }
    }
  }

  private shelf = (server: ServerId): Shelf => this.shelves.get(server)!;

  private at(moment: Instant, coming: Coming): void {
    const { grain } = this.pace;
    const heard = Math.ceil(moment / grain) * grain;
    const due = this.agenda.get(heard);
    if (due) due.push(coming);
    else this.agenda.set(heard, [coming]);
  }
}
