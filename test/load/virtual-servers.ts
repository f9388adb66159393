import type { Action, ActionOf, Event, Instant, Millis, ModelId, ServerId } from '#core';
import type { Shelf } from '../support/shelf.js';
import { type Truth, VirtualMemory } from './virtual-memory.js';

const TOOK_MS = { look: 15, statistics: 5, unload: 10, describe: 5 };
const NONE: readonly Coming[] = [];

/** What is to come. Data, so that servers can be copied. */
type Coming =
  | { readonly kind: 'look'; readonly order: ActionOf<'look'>; readonly begunAt: Instant }
  | { readonly kind: 'loaded'; readonly order: ActionOf<'load'> }
  | { readonly kind: 'ranOut'; readonly order: ActionOf<'load'> }
  | { readonly kind: 'unloaded'; readonly order: ActionOf<'unload'> }
  | { readonly kind: 'left'; readonly server: ServerId; readonly model: ModelId }
  | { readonly kind: 'freed'; readonly server: ServerId; readonly model: ModelId; readonly device: number }
  | { readonly kind: 'described'; readonly server: ServerId; readonly model: ModelId };

/** How long things take on servers in virtual time. */
interface Pace {
  readonly load: (order: ActionOf<'load'>) => Millis;
  /** From the order to unload until the copy has left; the answer comes before. */
  readonly unload: Millis;
  /** What happens is heard so often. */
  readonly grain: Millis;
}

/** A server in virtual time. */
interface VirtualServer {
  readonly shelf: Shelf;
  readonly memory: VirtualMemory;
}

/** Servers in virtual time that carry out what the core orders. */
export class VirtualServers {
  private constructor(
    private readonly servers: ReadonlyMap<ServerId, VirtualServer>,
    private readonly truth: Truth,
    private readonly pace: Pace,
    private readonly agenda: Map<Instant, Coming[]>,
  ) {}

  /** One for each shelf. */
  static of(shelves: ReadonlyMap<ServerId, Shelf>, truth: Truth, pace: Pace): VirtualServers {
    const servers = [...shelves].map(([id, shelf]) => {
      return [id, { shelf, memory: VirtualMemory.of(id, truth, shelf.devices) }] as const;
    });
    return new VirtualServers(new Map(servers), truth, pace, new Map());
  }

  /** Servers of their own, to which the same would happen. */
  copy(): VirtualServers {
    const servers = [...this.servers].map(([id, { shelf, memory }]) => {
      return [id, { shelf: shelf.copy(), memory: memory.copy() }] as const;
    });
    const agenda = new Map([...this.agenda].map(([at, coming]) => [at, [...coming]]));
    return new VirtualServers(new Map(servers), this.truth, this.pace, agenda);
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
        return this.load(action, now);
      case 'unload': {
        const { server, model } = action;
        this.server(server).shelf.set(model, 'UNLOADING');
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

  /** It takes its memory at once, and fails half way where that does not fit. */
  private load(order: ActionOf<'load'>, now: Instant): void {
    const { server, model } = order;
    const { shelf, memory } = this.server(server);
    shelf.set(model, 'LOADING');
    const takes = this.pace.load(order);
    if (memory.take(model, deviceOf(order), now)) this.at(now + takes, { kind: 'loaded', order });
    else this.at(now + takes / 2, { kind: 'ranOut', order });
  }

  private happen(coming: Coming, now: Instant): Event[] {
    switch (coming.kind) {
      case 'look': {
        const { order, begunAt } = coming;
        const { shelf, memory } = this.server(order.server);
        shelf.gpus = memory.sample(now);
        const look = shelf.look(begunAt, order.scope, order.probeMode);
        return [{ kind: 'Looked', server: order.server, look: { ...look, endedAt: now } }];
      }
      case 'loaded': {
        const { order, replica, server, model } = coming.order;
        this.server(server).shelf.put(model, deviceOf(coming.order));
        return [{ kind: 'LoadEnded', order, replica, outcome: { kind: 'succeeded', versions: ['1'] } }];
      }
      case 'ranOut': {
        const { order, replica, server, model } = coming.order;
        this.server(server).shelf.set(model, 'UNAVAILABLE', 'CUDA out of memory');
        return [{ kind: 'LoadEnded', order, replica, outcome: { kind: 'failed', cause: 'capacity' } }];
      }
      case 'unloaded': {
        const { order, replica } = coming.order;
        return [{ kind: 'UnloadEnded', order, replica, outcome: { kind: 'succeeded', versions: [] } }];
      }
      case 'left':
        this.leave(coming, now);
        return [];
      case 'freed':
        this.server(coming.server).memory.giveBack(coming.model, coming.device, now);
        return [];
      case 'described': {
        const { server, model } = coming;
        const gpus = [this.server(server).shelf.devices.get(model)!];
        const config = { json: '{}', kind: 'gpu', gpus, count: 1 } as const;
        return [{ kind: 'ConfigLearned', server, model, config, steps: [] }];
      }
    }
  }

  private leave({ server, model }: Omit<Coming & { kind: 'left' }, 'kind'>, now: Instant): void {
    const { shelf, memory } = this.server(server);
    shelf.set(model, 'UNAVAILABLE', 'unloaded');
    const device = memory.leave(model);
    if (device === undefined) return;
    const { late } = this.truth;
    if (late > 0) this.at(now + late, { kind: 'freed', server, model, device });
    else memory.giveBack(model, device, now);
  }

  private server = (id: ServerId): VirtualServer => this.servers.get(id)!;

  private at(moment: Instant, coming: Coming): void {
    const { grain } = this.pace;
    const heard = Math.ceil(moment / grain) * grain;
    const due = this.agenda.get(heard);
    if (due) due.push(coming);
    else this.agenda.set(heard, [coming]);
  }
}

const deviceOf = ({ config }: ActionOf<'load'>): number => config!.gpus[0]!;
