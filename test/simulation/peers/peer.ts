import type { Instant, Millis } from '#core';
import {
  type Answer,
  Election,
  ELECTION_PROFILES,
  type Observer,
  type ResolveQuery,
  type Route,
} from '#engine';
import { WatchedTable } from '../../../apps/scheduler/src/following/watched-table.js';
import { clockOn } from '../berth.js';
import { Process } from '../process.js';
import { Random } from '../random.js';
import { Follow } from './follow.js';
import { Lead } from './lead.js';
import { RedisClient, SimLeaseKeeper } from './redis-client.js';
import type { Scenery } from './scenery.js';
import { SimRows } from './sim-rows.js';

/** Twice the lease. */
const BOUND: Millis = 2 * ELECTION_PROFILES.default.lease;
/** What could not be forwarded is tried again so much later. */
const AGAIN: Millis = 200;

/** One life of a process among several, from its start to its end. */
export class Peer {
  readonly process: Process;
  readonly election: Election;
  readonly own: WatchedTable;
  lead: Lead | null = null;
  private isOver = false;

  constructor(
    readonly name: string,
    private readonly life: number,
    private readonly scenery: Scenery,
    private readonly others: () => Iterable<Peer>,
    private readonly observe: (peer: Peer) => readonly Observer[],
  ) {
    this.process = new Process(scenery.agenda);
    const clock = clockOn(this.process);
    const keeper = new SimLeaseKeeper(this.client('lease'), scenery.redis);
    this.election = new Election(clock, keeper, { self: { peer: name, grpc: name, http: name } });
    this.own = new WatchedTable({ clock: this.process, bound: BOUND });
    this.campaign();
    new Follow(this, scenery).tick();
  }

  get isAlive(): boolean {
    return !this.isOver;
  }

  /** The term in which it may act at this moment; undefined where it may not. */
  get actsIn(): number | undefined {
    const leadership = this.lead?.leadership;
    return !this.isOver && !this.process.isPaused && leadership?.mayAct() ? leadership.term : undefined;
  }

  crash(): void {
    this.isOver = true;
    this.process.die();
    this.lead?.disconnect();
  }

  /** Lets go: the last word to the peers, every answer, and the release. */
  stop(): void {
    const { lead } = this;
    this.isOver = true;
    void lead?.watching.end(true);
    lead?.engine.stop();
    lead?.disconnect();
    void this.election.close().then(() => this.process.die());
  }

  /** Answers a call once, by its deadline: itself where it can, else by the leader. */
  resolve(query: ResolveQuery, deadline: Instant, answer: (answer: Answer) => void): void {
    const route = this.routeHere(query);
    if (route) return answer(route);
    this.ask(query, deadline, answer);
  }

  private routeHere(query: ResolveQuery): Route | undefined {
    const route = this.lead ? this.lead.routeHere(query) : this.own.route(query);
    if (route) this.scenery.referee.gives(this.name, route, this.scenery.sites.get(route.server)!);
    return route;
  }

  private ask(query: ResolveQuery, deadline: Instant, answer: (answer: Answer) => void): void {
    const left = deadline - this.process.now();
    if (left <= 0) return answer({ kind: 'refusal', refusal: { reason: 'no_leader', retryAfter: 1_000 } });
    let isOver = false;
    const end = (found: Answer | null): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      const isFinal = found !== null && !(found.kind === 'refusal' && found.refusal.reason === 'no_leader');
      if (isFinal) return answer(found);
      this.process.after(Math.min(AGAIN, Math.max(0, deadline - this.process.now())), () =>
        this.ask(query, deadline, answer),
      );
    };
    const cancel = this.process.after(Math.min(left, 10_000), () => end(null));
    const leader = this.leader();
    if (!leader) return end(null);
    const { network } = this.scenery;
    if (leader === this) return this.admit(query, deadline, end);
    network.send(this.name, leader.name, leader.process, () =>
      leader.admit(query, deadline, (found) =>
        network.send(leader.name, this.name, this.process, () => end(found)),
      ),
    );
  }

  /** One hop: a process that does not lead says so. */
  private admit(query: ResolveQuery, deadline: Instant, answer: (answer: Answer) => void): void {
    const { lead } = this;
    if (this.isOver || !lead)
      return answer({ kind: 'refusal', refusal: { reason: 'no_leader', retryAfter: 1_000 } });
    const warm = this.routeHere(query);
    if (warm) return answer(warm);
    const wait = Math.max(0, deadline - this.process.now());
    const pending = lead.engine.admit({ ...query, wait }, 60_000);
    void pending.answer.then((found) => {
      const given = found.kind === 'route' ? lead.watching.vouch(found) : undefined;
      if (given) this.scenery.referee.gives(this.name, given, this.scenery.sites.get(given.server)!);
      if (found.kind !== 'route') answer(found);
      else answer(given ?? { kind: 'refusal', refusal: { reason: 'no_leader', retryAfter: 1_000 } });
    });
  }

  /** The peer that leads, as far as this one has heard. */
  leader(): Peer | undefined {
    const { present } = this.election;
    return present ? [...this.others()].find((one) => one.name === present.peer && one.isAlive) : undefined;
  }

  private campaign(): void {
    void this.election.lead().then((reign) => {
      const { leadership } = reign;
      this.scenery.referee.begins(leadership.term, this.name);
      void leadership.ended.then(() => {
        this.depose();
        if (!this.isOver) this.campaign();
      });
      void this.begin(reign);
    });
  }

  /** Where the store does not answer it is asked again, as long as the term lasts. */
  private async begin(reign: Awaited<ReturnType<Election['lead']>>): Promise<void> {
    let isEnded = false;
    void reign.leadership.ended.then(() => (isEnded = true));
    while (!isEnded && !this.isOver) {
      const rows = new SimRows(this.client(`rows ${reign.leadership.term}`), reign.leadership.term);
      const { name, process, own, scenery } = this;
      try {
        const lead = await Lead.begin({
          name,
          process,
          own,
          scenery,
          reign,
          rows,
          observers: this.observe(this),
        });
        if (isEnded || this.isOver) return lead.end();
        this.lead = lead;
        return;
      } catch (error) {
        scenery.trail.note(`${name} cannot begin: ${String(error)}`);
        await new Promise<void>((resolve) => void process.after(500, resolve));
      }
    }
  }

  private depose(): void {
    const { lead } = this;
    this.lead = null;
    if (!lead || this.isOver) return;
    this.scenery.trail.note(`${this.name} leads no more`);
    lead.end();
  }

  private client(stream: string): RedisClient {
    const { scenery, process, name, life } = this;
    const random = new Random(scenery.plan.seed, `redis ${name} ${life} ${stream}`);
    return new RedisClient(scenery.redis, process, name, random, scenery.agenda);
  }
}
