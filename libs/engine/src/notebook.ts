import type { Event, Fleet, Footprint, ModelId, ReplicaId, Server, ServerId } from '#core';
import type { Learned, LearnedChange } from './ports/learned.js';

/** Keeps the learned facts in the store: changes are written in order, after the turn that saw them. */
export class Notebook {
  private readonly orders = new Map<ServerId, Set<ModelId>>();
  private readonly written = new Map<string, string>();
  private readonly footprints = new Map<ModelId, Footprint>();
  /** The repositories that are written. One is replaced when it changes: the same set is no change. */
  private readonly repositories = new Map<ServerId, Server['repository']>();
  /** The models whose load times are written. */
  private readonly timed = new Set<ModelId>();
  /** The models whose steps are written. */
  private readonly described = new Set<ModelId>();
  /** Servers whose last list of orders is not known to be written. */
  private readonly unsure = new Map<ServerId, readonly LearnedChange[]>();

  constructor(private readonly learned: Learned) {}

  /** What earlier lives learned, as events. */
  async recall(): Promise<readonly Event[]> {
    const { servers, ordered, steps, loadTimes, loadPaces, footprints } = await this.learned.read();
    const events: Event[] = [];
    for (const [server, models] of ordered) {
      this.orders.set(server, new Set(models));
      events.push({ kind: 'OrdersRemembered', server, models });
    }
    for (const [server, facts] of servers) events.push({ kind: 'ServerRemembered', server, ...facts });
    for (const [model, value] of steps) {
      this.described.add(model);
      this.noted({ kind: 'steps', model, value });
      events.push({ kind: 'StepsRemembered', model, steps: value });
    }
    for (const [model, value] of loadTimes) {
      this.timed.add(model);
      this.noted({ kind: 'loadTimes', model, value });
      events.push({ kind: 'LoadTimesRemembered', model, ...value });
    }
    for (const [server, pace] of loadPaces) {
      this.noted({ kind: 'loadPace', server, value: pace });
      events.push({ kind: 'LoadPaceRemembered', server, pace });
    }
    for (const [model, footprint] of footprints) {
      this.footprints.set(model, footprint);
      events.push({ kind: 'FootprintRemembered', model, footprint });
    }
    return events;
  }

  /** Notes orders. Durable once resolved; rejects where they were not written: then they count as not noted. */
  async ordered(server: ServerId, models: readonly ModelId[]): Promise<void> {
    const known = this.orders.get(server) ?? new Set<ModelId>();
    this.orders.set(server, known);
    const added = models.filter((model) => !known.has(model));
    if (added.length === 0 && !this.unsure.has(server)) return;
    for (const model of added) known.add(model);
    try {
      await this.write([this.noted({ kind: 'ordered', server, value: [...known].toSorted() })]);
    } catch (error) {
      for (const model of added) known.delete(model);
      this.written.clear();
      throw error;
    }
  }

  /** Writes what the events of a turn have taught. Its loss costs time only, so it is not waited for. */
  keep(fleet: Readonly<Fleet>, events: readonly Event[]): void {
    const changes = events.flatMap((event) => this.changesBy(fleet, event));
    if (changes.length > 0) void this.write(changes).catch(() => this.written.clear());
  }

  /** The orders in these changes count as written only once it has succeeded. */
  private async write(changes: readonly LearnedChange[]): Promise<void> {
    const servers = changes.flatMap((change) => (change.kind === 'ordered' ? [change.server] : []));
    for (const server of servers) this.unsure.set(server, changes);
    await this.learned.write(changes);
    for (const server of servers) if (this.unsure.get(server) === changes) this.unsure.delete(server);
  }

  private changesBy(fleet: Readonly<Fleet>, event: Event): readonly LearnedChange[] {
    switch (event.kind) {
      case 'Looked': {
        const server = fleet.servers.get(event.server);
        if (!server) return [];
        const measured = this.footprintsOn(fleet, server);
        if (event.look.index === null) return [...this.ordersSeen(server), ...measured];
        return [
          ...this.serverSeen(server),
          ...this.ordersSeen(server),
          ...measured,
          ...this.modelsForgotten(fleet),
        ];
      }
      case 'ModelWithdrawn':
        return this.modelsForgotten(fleet);
      case 'ServerWithdrawn':
        this.orders.delete(event.server);
        this.repositories.delete(event.server);
        return [
          ...this.ifNew({ kind: 'server', server: event.server, value: null }),
          ...this.ifNew({ kind: 'ordered', server: event.server, value: null }),
          ...this.ifNew({ kind: 'loadPace', server: event.server, value: null }),
          ...[...this.timed].flatMap((model) => this.loadTimesOf(fleet, model)),
          ...this.modelsForgotten(fleet),
        ];
      case 'LoadEnded':
        return this.loadTimes(fleet, event.replica);
      case 'ConfigLearned':
        this.described.add(event.model);
        return this.ifNew({ kind: 'steps', model: event.model, value: event.steps });
      default:
        return [];
    }
  }

  private serverSeen({ spec: { id }, repository, devices: seen }: Server): readonly LearnedChange[] {
    const devices = (seen ?? []).map(({ account: _, used: __, ...device }) => device);
    const [key, told] = [`server/${id}`, JSON.stringify(devices)];
    if (this.repositories.get(id) === repository && this.written.get(key) === told) return [];
    this.repositories.set(id, repository);
    this.written.set(key, told);
    return [{ kind: 'server', server: id, value: { repository: [...repository], devices } }];
  }

  /** Our orders on a server by its last look: with the steps of ensembles, and without copies that were seen gone. */
  private ordersSeen({ spec: { id }, ordered }: Server): readonly LearnedChange[] {
    if (ordered.size === 0 && !this.orders.has(id)) return [];
    this.orders.set(id, new Set(ordered));
    return this.ifNew({ kind: 'ordered', server: id, value: [...ordered].toSorted() });
  }

  /** What the end of a load has taught. */
  private loadTimes(fleet: Readonly<Fleet>, id: ReplicaId): readonly LearnedChange[] {
    const replica = fleet.replicas.get(id);
    const server = replica && fleet.servers.get(replica.server);
    if (!server) return [];
    const { spec, loadPace: value } = server;
    const pace = value ? this.ifNew({ kind: 'loadPace', server: spec.id, value }) : [];
    return [...this.loadTimesOf(fleet, replica.model), ...pace];
  }

  private loadTimesOf({ loadTimes, servers }: Readonly<Fleet>, model: ModelId): readonly LearnedChange[] {
    const anywhere = loadTimes.get(model);
    if (!anywhere) return [];
    const on = [...servers.values()].flatMap(({ spec, loadTimes: here }) => {
      const times = here.get(model);
      return times ? [{ server: spec.id, times }] : [];
    });
    this.timed.add(model);
    return this.ifNew({ kind: 'loadTimes', model, value: { anywhere, on } });
  }

  /** Footprints that a look has changed. A footprint is replaced when it changes: the same object is no change. */
  private footprintsOn({ footprints }: Readonly<Fleet>, { measured }: Server): readonly LearnedChange[] {
    return [...measured.keys()].flatMap((model) => {
      const value = footprints.get(model);
      if (!value || this.footprints.get(model) === value) return [];
      this.footprints.set(model, value);
      return this.ifNew({ kind: 'footprint', model, value });
    });
  }

  /** Forgets facts about models that are no longer known: without that the store would grow without end. */
  private modelsForgotten({ footprints, loadTimes, steps }: Readonly<Fleet>): readonly LearnedChange[] {
    return [
      ...this.forgotten('footprint', this.footprints, footprints),
      ...this.forgotten('loadTimes', this.timed, loadTimes),
      ...this.forgotten('steps', this.described, steps),
    ];
  }

  private forgotten(
    kind: 'footprint' | 'loadTimes' | 'steps',
    written: Map<ModelId, Footprint> | Set<ModelId>,
    known: ReadonlyMap<ModelId, unknown>,
  ): readonly LearnedChange[] {
    if (written.size <= known.size) return [];
    const gone = [...written.keys()].filter((model) => !known.has(model));
    return gone.map((model) => {
      const change = { kind, model, value: null } as const;
      written.delete(model);
      this.written.delete(keyOf(change));
      return change;
    });
  }

  private ifNew(change: Fact): readonly LearnedChange[] {
    return this.written.get(keyOf(change)) === JSON.stringify(change) ? [] : [this.noted(change)];
  }

  private noted(change: Fact): Fact {
    this.written.set(keyOf(change), JSON.stringify(change));
    return change;
  }
}

/** A fact about a server or a model. */
type Fact = Exclude<LearnedChange, { kind: 'wants' }>;

const keyOf = (fact: Fact): string => `${fact.kind}/${'server' in fact ? fact.server : fact.model}`;
