import { setImmediate } from 'node:timers/promises';
import { type Action, emptyFleet, type Event, type EventOf, type ModelId } from '#core';
import type { Observer } from '#engine';
import { aRequest } from '../support/builders.js';
import { declarations, fullShelves, modelIds, type Scale, truthOf } from './core-site.js';
import { VirtualServers } from './virtual-servers.js';
import { decide } from '../support/decide.js';

/** From then on what was there from the start may leave. */
export const FIRST_ARRIVAL_MS = 31_000;
const ARRIVAL_EVERY_MS = 100;
const PACE = { load: () => 400, unload: 300, grain: 1 };
const TURNS_AT_A_STRETCH = 50;
const LEASE_MS = 10_000;
const USES_PER_TURN = 4;
/** So many of the models are in use all the time; the others are asked for now and then. */
const HOT = 150;
const NONE: readonly Event[] = [];

/** One turn of the core, as it was taken. */
export interface Turn {
  /** The first thing that happened in it. */
  readonly kind: string;
  /** How many things happened in it. */
  readonly changes: number;
  readonly tookMs: number;
}

/** A fleet under cold requests in virtual time: what the core orders is carried out, and every turn is timed. */
export class CorePlay {
  readonly counts: Record<Action['kind'], number> = {
    ...{ load: 0, unload: 0, look: 0, probe: 0, describe: 0, grant: 0, refuse: 0 },
  };
  private readonly fleet = emptyFleet();
  private readonly models: readonly ModelId[];
  private readonly servers: VirtualServers;
  private readonly random = lehmer(1);
  private turns: Turn[] = [];
  private now = 0;
  private wake = 0;

  /** A request for a model that is not loaded comes so often, in ms. */
  constructor(
    scale: Scale,
    private readonly arrivalEvery = ARRIVAL_EVERY_MS,
    /** Sees each turn; its time is part of that of the turn. */
    private readonly observer?: Observer,
  ) {
    this.models = modelIds(scale);
    const shelves = fullShelves(scale);
    this.servers = VirtualServers.of(shelves, truthOf(scale), PACE);
    this.turn(declarations(scale, shelves));
  }

  /** How many models are ready. */
  get ready(): number {
    return [...this.fleet.replicas.values()].filter(({ phase }) => phase === 'ready').length;
  }

  /** How many jobs stand in the line. */
  get jobs(): number {
    return this.fleet.line.size;
  }

  /** Plays on until that moment; returns the turns on the way. */
  async record(end: number): Promise<readonly Turn[]> {
    this.turns = [];
    await this.until(end);
    return this.turns;
  }

  /** Plays on until that moment, and lets signals in now and then. What happens in one millisecond shares a turn. */
  async until(end: number): Promise<void> {
    for (; this.now < end; this.now += 1) {
      const events = [...this.servers.eventsAt(this.now), ...this.arrivals()];
      if (events.length === 0 && this.wake > this.now) continue;
      this.turn(events);
      if (this.turns.length % TURNS_AT_A_STRETCH === 0) await setImmediate();
    }
  }

  private turn(events: readonly Event[]): void {
    const all = [this.routesUsed(), ...events];
    const began = performance.now();
    const actions = decide(this.fleet, all, this.now);
    this.wake = this.fleet.wakeAt;
    this.observer?.turnTaken({ events: all, actions, now: this.now, took: 0 }, this.fleet);
    const tookMs = performance.now() - began;
    this.turns.push({ kind: kindOf(events[0]), changes: all.length, tookMs });
    for (const action of actions) {
      this.counts[action.kind] += 1;
      this.servers.carryOut(action, this.now);
    }
  }

  private arrivals(): readonly Event[] {
    if (this.now < FIRST_ARRIVAL_MS || (this.now - FIRST_ARRIVAL_MS) % this.arrivalEvery > 0) return NONE;
    const absent = this.models.filter((id) => !this.fleet.holders.has(id));
    const model = absent[this.random(absent.length)];
    if (model === undefined) return NONE;
    const request = aRequest(`r${this.now}`, model, this.now, { lease: LEASE_MS });
    return [{ kind: 'RequestArrived', request }];
  }

  private routesUsed(): EventOf<'RoutesUsed'> {
    const uses = Array.from({ length: USES_PER_TURN }, () => this.models[this.random(HOT)]!);
    return { kind: 'RoutesUsed', uses: uses.flatMap((model) => this.useOf(model)) };
  }

  private useOf(model: ModelId): EventOf<'RoutesUsed'>['uses'] {
    const [replica] = this.fleet.holders.get(model) ?? [];
    return replica === undefined
      ? []
      : [{ replica, at: this.now, inUseUntil: this.now + LEASE_MS, routes: 1 }];
  }
}

function kindOf(event: Event | undefined): string {
  if (event?.kind === 'Looked') return event.look.index === null ? 'StatisticsRead' : 'Looked';
  return event?.kind ?? 'Woken';
}

/** The same numbers in each run, so that runs can be compared. */
function lehmer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
