import { setImmediate } from 'node:timers/promises';
import { emptyFleet, type Fleet, type ModelId, routeRow, type ServerId } from '#core';
import type { Observer } from '#engine';
import { Agenda } from '#triton-simulator';
import { TurnPromises } from '../../checkers/promises.js';
import { Random } from '../random.js';
import { Site } from '../site.js';
import { Trail } from '../trail.js';
import { Admins } from './outside/admins.js';
import { Callers } from './outside/callers.js';
import { Gateway } from './outside/gateway.js';
import { Network } from './network.js';
import { Peer } from './peer.js';
import type { PeersPlan } from './peers-plan.js';
import { Referee } from './referee.js';
import { addressOf, type Scenery } from './scenery.js';
import { SimRedis, type Wrongs } from './redis/sim-redis.js';
import { Succession } from './succession.js';
import { Troubles } from './troubles.js';
import type { WriteDesk } from './write-desk.js';

const NAMES = ['p1', 'p2', 'p3'] as const;
/** After the storm all is well for so long before it is looked at. */
const CALM = 100_000;
const STRETCH = 1_000;

/** How a world went. */
export interface PeersPlayed {
  readonly failure: string | undefined;
  readonly terms: number;
  readonly orders: number;
  /** How many routes were given that were out of date. */
  readonly stale: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly lines: readonly string[];
}

/** Three peers, one Redis, some servers and callers, and what goes wrong with them, on virtual time. */
export class PeersWorld {
  private readonly agenda = new Agenda();
  private readonly trail: Trail;
  private readonly scenery: Scenery;
  private readonly peers = new Map<string, Peer>();
  private readonly callers: Callers;
  private readonly admins: Admins;
  private lives = 0;
  private steps = 0;
  /** Of whichever peer led last. */
  private fleet: Fleet = emptyFleet();

  constructor(
    private readonly plan: PeersPlan,
    wrongs: Wrongs = {},
    keepsAll = false,
  ) {
    const { agenda } = this;
    const trail = new Trail(() => agenda.now(), keepsAll);
    const { seed, models, servers } = plan;
    const terms: number[] = [];
    this.trail = trail;
    const redis = new SimRedis(agenda, new Random(seed, 'redis'), plan, wrongs);
    const referee = new Referee(agenda, trail, plan.servesStale);
    const succession = new Succession(agenda, trail, redis, () => referee.leases.takenOver());
    this.scenery = {
      ...{ plan, agenda, trail, addressOf: remembered(addressOf) },
      sites: new Map(servers.map((one) => [one.spec.id, new Site(one, models, agenda, trail)])),
      ...{ redis, referee, succession, network: new Network(agenda, new Random(seed, 'network')) },
      lifeOf: (term) => (terms.includes(term) ? terms.indexOf(term) + 1 : terms.push(term)),
    };
    this.callers = new Callers(this.scenery, this.peers);
    this.admins = new Admins(this.scenery, this.peers);
  }

  async run(): Promise<PeersPlayed> {
    const failure = await this.live().then(
      () => undefined,
      (error: unknown) => this.trail.failure ?? String((error as Error).stack ?? error),
    );
    const { referee, succession } = this.scenery;
    const { terms } = succession;
    const { orders, stale } = referee;
    return { failure, terms, orders, stale, answers: this.callers.answers, lines: this.trail.lines };
  }

  private async live(): Promise<void> {
    const { agenda, plan } = this;
    for (const name of NAMES) this.start(name);
    const troubles = this.troubles();
    for (const trouble of plan.troubles) agenda.after(trouble.at, () => troubles.befall(trouble));
    this.callers.callNext();
    this.callers.orderNext();
    this.admins.writeNext();
    await this.passUntil(plan.storm);
    this.callers.isCalm = true;
    this.admins.isCalm = true;
    this.trail.note('the storm is over');
    await this.passUntil(plan.storm + CALM);
    this.expectRest();
    if (this.trail.failure !== undefined) throw new Error(this.trail.failure);
  }

  private troubles(): Troubles {
    const { scenery, peers, plan } = this;
    const gateways = Array.from(
      { length: plan.gateways },
      (_, at) => new Gateway(`g${at}`, scenery, peers, plan.acknowledges[at] ?? 0),
    );
    scenery.referee.gateways = gateways;
    const lose = (): void => {
      this.admins.forget();
      scenery.referee.leases.loseAll();
    };
    return new Troubles(scenery, peers, gateways, (name) => this.start(name), lose);
  }

  private async passUntil(end: number): Promise<void> {
    const { agenda, trail, scenery } = this;
    for (let due = agenda.nextDue(); due !== undefined && due <= end; due = agenda.nextDue()) {
      agenda.runNext();
      await (++this.steps % STRETCH === 0 || this.isWriting ? setImmediate() : settled());
      for (const site of scenery.sites.values()) site.checkMemory(this.fleet);
      scenery.referee.act([...this.peers.values()].flatMap(({ actsIn }) => actsIn ?? []));
      if (trail.failure !== undefined) throw new Error(trail.failure);
    }
    agenda.runUntil(end);
  }

  /** The product does a write over several ticks of the event loop. */
  private get isWriting(): boolean {
    for (const { isAlive, writing } of this.peers.values()) if (isAlive && writing > 0) return true;
    return false;
  }

  private start(name: string): void {
    const peer = new Peer({
      ...{ name, life: ++this.lives, scenery: this.scenery },
      others: () => this.peers.values(),
      observe: () => [this.promises(), { turnTaken: (_, fleet) => void (this.fleet = fleet) }],
      onReign: ({ desk }) => this.admins.expectKept(desk, name),
    });
    this.peers.set(name, peer);
  }

  /** What holds of each turn of any Berth. */
  private promises(): Observer {
    const { trail } = this;
    const promises = new TurnPromises(emptyFleet(), {
      expect: (isKept, promise) => trail.expect(isKept, promise),
      mark: () => undefined,
    });
    return { turnTaken: (turn, fleet) => promises.turnTaken(turn, fleet) };
  }

  /** One leads, its pins are kept, and all have the routes that it has. */
  private expectRest(): void {
    const { trail } = this;
    const acting = [...this.peers.values()].filter(({ actsIn }) => actsIn !== undefined);
    trail.expect(acting.length === 1, () => `${acting.length} act at rest`);
    const [leader] = acting;
    if (!leader?.lead) return;
    const { desk, engine } = leader.lead;
    const { fleet } = engine;
    this.admins.expectKept(desk, leader.name);
    this.expectDeclared(fleet, desk);
    for (const { model } of this.plan.models)
      if (model.pinnedCopies > 0)
        trail.expect(isReady(fleet, model.id), () => `${model.id} is pinned, and not ready at rest`);
    const rows = rowsOf(fleet);
    for (const { name, own } of this.peers.values())
      trail.expect(
        [...own.table.rows.keys()].toSorted().join() === rows,
        () => `${name} has ${[...own.table.rows.keys()].toSorted().join()}, and the leader ${rows}`,
      );
    for (const { name } of this.peers.values())
      if (name !== leader.name)
        trail.expect(fleet.watchers.has(name as never), () => `${name} is no watcher at rest`);
  }

  /** What is declared is what is so. */
  private expectDeclared(fleet: Readonly<Fleet>, { declared }: WriteDesk): void {
    const { trail, plan } = this;
    trail.expect(this.admins.isDone, () => 'a server is drained at rest');
    for (const { spec, drain } of fleet.servers.values())
      trail.expect(
        (drain !== null) === (declared.get(spec.id)?.isDraining === true),
        () => `${spec.id} is drained, or is not, other than declared`,
      );
    for (const { model } of plan.models) {
      const idle = (model.idleUnload ?? 0) + 1_000 * (declared.get(model.id)?.revision ?? 0);
      trail.expect(
        fleet.models.get(model.id)?.idleUnload === idle,
        () => `${model.id} is not what was declared`,
      );
    }
  }
}

const isReady = (fleet: Readonly<Fleet>, model: ModelId): boolean =>
  [...fleet.replicas.values()].some((one) => one.model === model && one.phase === 'ready');

const rowsOf = (fleet: Readonly<Fleet>): string =>
  [...fleet.replicas.keys()]
    .filter((id) => routeRow(fleet, id))
    .toSorted()
    .join();

/** The same server is told in the same words. */
function remembered(tell: (id: ServerId) => ReturnType<typeof addressOf>): typeof tell {
  const told = new Map<ServerId, ReturnType<typeof addressOf>>();
  return (id) => {
    const known = told.get(id) ?? tell(id);
    told.set(id, known);
    return known;
  };
}

/** Resolves when no promise has anything left to do: only then does Node come to the next tick. */
const settled = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
