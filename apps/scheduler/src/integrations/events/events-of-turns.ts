import { Now } from '#core';
import {
  type ActionOf,
  type EventOf,
  type Fleet,
  type Instant,
  memoryOf,
  type Millis,
  partsOf,
  type Server,
  type ServerId,
  serverState,
} from '#core';
import type { Observer, Turn } from '#engine';
import type { ServersWanted } from '../scaling/scaling-numbers.js';
import { FleetNeed } from './fleet-need.js';
import type { Draft } from './outgoing.js';

/** What the fleet needs is worked out anew after so long at the soonest. */
const NEED_EVERY: Millis = 5_000;
/** Loads with these causes are cold starts: a request asked for a model that was nowhere. */
const COLD = new Set(['asked', 'wished']);

/** Where events go. */
export interface Told {
  /** Whether there is any endpoint. */
  readonly isOn: boolean;
  take(drafts: readonly Draft[]): void;
}

/** Makes events of turns. One change is one event, however many turns it is seen in. */
export class EventsOfTurns implements Observer {
  private readonly need = new FleetNeed();
  private readonly lost = new Set<ServerId>();
  private readonly drained = new Set<ServerId>();
  private readonly overcommitted = new Set<string>();
  private needAt: Instant = -Infinity;

  constructor(
    private readonly told: Told,
    /** What the fleet needs; null where that is not known yet. */
    private readonly wanted: () => ServersWanted | null,
  ) {}

  turnTaken({ events, actions, now }: Turn, fleet: Fleet): void {
    if (!this.told.isOn) return;
    const drafts: Draft[] = [];
    for (const event of events) {
      if (event.kind === 'LoadEnded' || event.kind === 'Looked') drafts.push(...this.ofEvent(event, fleet));
    }
    for (const action of actions) {
      if (action.kind === 'load' || action.kind === 'unload') drafts.push(...ofOrder(action));
    }
    this.addOfServers(drafts, fleet, now);
    this.addOfFleet(drafts, now);
    if (drafts.length > 0) this.told.take(drafts);
  }

  /** Statistics alone say nothing of memory. */
  private ofEvent(event: EventOf<'LoadEnded' | 'Looked'>, fleet: Fleet): Draft[] {
    if (event.kind === 'LoadEnded') {
      if (event.outcome.kind !== 'failed') return [];
      const { model, server } = partsOf(event.replica);
      const data = { model, server, cause: event.outcome.cause };
      return [{ type: 'model.load_failed', subject: `model/${model}`, data }];
    }
    const server = event.look.index === null ? undefined : fleet.servers.get(event.server);
    return server ? this.ofDevices(server, fleet) : [];
  }

  private ofDevices(server: Server, fleet: Fleet): Draft[] {
    const memory = memoryOf(fleet);
    const { id } = server.spec;
    return (server.devices ?? []).flatMap((device): Draft[] => {
      const { account, ordinal } = device;
      const { capacity, held } = memory(account);
      const isNow = held > capacity;
      const key = `${id}/${ordinal}`;
      if (!isNow) this.overcommitted.delete(key);
      if (!isNow || this.overcommitted.has(key)) return [];
      this.overcommitted.add(key);
      const data = { server: id, device: ordinal, capacityMb: mib(capacity), heldMb: mib(held) };
      return [{ type: 'device.overcommitted', subject: `server/${id}`, data }];
    });
  }

  private addOfServers(drafts: Draft[], fleet: Fleet, now: Instant): void {
    for (const [id, server] of fleet.servers) {
      const { kind } = server.contact;
      const isUp = kind === 'up' || kind === 'slow';
      if (isUp && !this.lost.has(id) && server.drain === null && !this.drained.has(id)) continue;
      const type = this.change(id, serverState(fleet, server, new Now(now)));
      if (type !== null) drafts.push({ type, subject: `server/${id}`, data: { server: id } });
    }
    this.forgetServers(fleet);
  }

  private change(id: ServerId, state: ReturnType<typeof serverState>): Draft['type'] | null {
    if (state !== 'drained') this.drained.delete(id);
    if (state === 'lost') return added(this.lost, id) ? 'server.lost' : null;
    if (state === 'drained') return added(this.drained, id) ? 'server.drained' : null;
    return state === 'ready' && this.lost.delete(id) ? 'server.recovered' : null;
  }

  private forgetServers({ servers }: Fleet): void {
    for (const id of this.lost) if (!servers.has(id)) this.lost.delete(id);
    for (const id of this.drained) if (!servers.has(id)) this.drained.delete(id);
    if (this.overcommitted.size === 0) return;
    for (const key of this.overcommitted) {
      if (!servers.has(key.slice(0, key.lastIndexOf('/')) as ServerId)) this.overcommitted.delete(key);
    }
  }

  private addOfFleet(drafts: Draft[], now: Instant): void {
    if (now - this.needAt < NEED_EVERY) return;
    const wanted = this.wanted();
    if (wanted === null) return;
    this.needAt = now;
    const draft = this.need.at(wanted, now);
    if (draft !== null) drafts.push(draft);
  }
}

function ofOrder(action: ActionOf<'load' | 'unload'>): Draft[] {
  if (action.kind === 'load' && COLD.has(action.cause)) {
    const { model, server, cause } = action;
    return [{ type: 'model.cold_start', subject: `model/${model}`, data: { model, server, cause } }];
  }
  if (action.kind === 'unload' && action.cause === 'evicted') {
    const { model, server, makesRoomFor } = action;
    const data = { model, server, for: makesRoomFor };
    return [{ type: 'model.evicted', subject: `model/${model}`, data }];
  }
  return [];
}

function added<T>(set: Set<T>, one: T): boolean {
  const isNew = !set.has(one);
  set.add(one);
  return isNew;
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
