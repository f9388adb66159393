import { Now } from '#core';
import {
  emptyFleet,
  type Fleet,
  gpuAccount,
  largestWant,
  type ModelId,
  newIndex,
  replicaId,
  type Ready,
  scalingAndRemovals,
  scalingOf,
  type Server,
  type ServerId,
  type WantHistory,
  withWant,
} from '#core';
import { aModel, aServer } from '../../support/builders.js';
import { type Pools, SERVER_MB } from './pools.js';
import type { Trace, TracedModel } from './trace.js';
import { decide } from '../../support/decide.js';

const MINUTE_MS = 60_000;

/** Says how many servers are wanted, and which of them may go first. */
export interface Wanting {
  wanted(asked: readonly TracedModel[], minute: number, pools: Pools): number;
  leastMissed(pools: Pools, minute: number): readonly string[];
}

/** What `GET /v1/scaling` would say: the arithmetic of the core on a fleet that holds what the servers hold. */
export class BerthWants implements Wanting {
  private readonly fleet: Fleet = emptyFleet();
  private readonly server: Server;
  private readonly repository: ReadonlySet<ModelId>;
  private history: WantHistory = [];

  constructor({ models }: Trace) {
    const kind = aServer('kind', [SERVER_MB]);
    decide(this.fleet, [{ kind: 'ServerDeclared', server: kind }], 0);
    this.server = this.fleet.servers.get(kind.id)!;
    for (const { name, sizeMb } of models) {
      const model = aModel(name, { gpuBytes: sizeMb });
      this.fleet.models.set(model.id, model);
    }
    this.repository = new Set(this.fleet.models.keys());
  }

  wanted(asked: readonly TracedModel[], minute: number, pools: Pools): number {
    const now = minute * MINUTE_MS;
    for (const { name } of asked) this.fleet.requestRates.set(name as ModelId, { sum: 1, at: now });
    const { wanted } = scalingOf(this.fleetOf(pools, false), new Now(now));
    this.history = withWant(this.history, wanted, now);
    return largestWant(this.history, now);
  }

  leastMissed(pools: Pools, minute: number): readonly string[] {
    const { removals } = scalingAndRemovals(this.fleetOf(pools, true), new Now(minute * MINUTE_MS));
    return removals.map(({ server }) => server);
  }

  /** A fleet with these servers, and what they hold where that matters: what is wanted follows from requests alone. */
  private fleetOf(pools: Pools, isHeld: boolean): Fleet {
    const { models, requestRates, startedAt } = this.fleet;
    const fleet: Fleet = { ...emptyFleet(), models, requestRates, startedAt, index: newIndex() };
    for (const name of pools.servers) this.put(fleet, name as ServerId, isHeld ? pools.heldBy(name) : []);
    return fleet;
  }

  private put(fleet: Fleet, id: ServerId, held: readonly TracedModel[]): void {
    const account = gpuAccount(id, 0);
    const devices = this.server.devices!.map((device) => ({ ...device, account }));
    const spec = { ...this.server.spec, id, host: id };
    const contact = { kind: 'up' } as const;
    const seen = { contact, looked: true, everSeen: true, repository: this.repository };
    fleet.servers.set(id, { ...this.server, ...{ spec, devices, ...seen } });
    const here = new Set(held.map(({ name }) => replicaId(name as ModelId, id)));
    fleet.residents.set(id, here);
    for (const { name, sizeMb } of held) {
      const model = name as ModelId;
      const replica = readyOn(model, id, [{ account, bytes: sizeMb }]);
      fleet.replicas.set(replica.id, replica);
      fleet.holders.set(model, new Set([replica.id]));
    }
  }
}

const readyOn = (model: ModelId, server: ServerId, bookings: Ready['bookings']): Ready => ({
  id: replicaId(model, server),
  ...{ model, server, devices: [0], bookings, since: 0, stranger: false, phase: 'ready', versions: ['1'] },
  ...{ lastUse: -Infinity, inUseUntil: 0, pulse: null, outlived: false },
});

/** So many minutes are taken together. */
const WINDOW = 5;

/**
 * What an autoscaler by the rate of requests wants: so many servers for each request a minute, down by the same hour. `first`
 * are there at the start.
 */
export class RateWants implements Wanting {
  private readonly lately: number[] = [];
  private history: WantHistory;

  constructor(
    private readonly perRequest: number,
    first: number,
  ) {
    this.history = withWant([], first, 0);
  }

  wanted(asked: readonly TracedModel[], minute: number): number {
    this.lately.push(asked.reduce((sum, model) => sum + model.asked[minute]!, 0));
    const window = this.lately.slice(-WINDOW);
    const mean = window.reduce((a, b) => a + b, 0) / window.length;
    const now = minute * MINUTE_MS;
    this.history = withWant(this.history, Math.max(1, Math.ceil(mean * this.perRequest)), now);
    return largestWant(this.history, now);
  }

  /** It does not know what they hold. */
  leastMissed(pools: Pools): readonly string[] {
    return pools.servers;
  }
}
