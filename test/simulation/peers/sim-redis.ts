import type { LeaseState } from '#engine';
import type { Timers } from '#testing';
import type { Random } from '../random.js';
import { NO_LEASE, type Wrongs } from './lease-rules.js';

/** What one server holds. A write replaces it as a whole. */
export interface Data {
  readonly lease: LeaseState;
  readonly rows: ReadonlyMap<string, string>;
  /** How many batches of rows were written. */
  readonly writes: number;
}

const EMPTY: Data = { lease: NO_LEASE, rows: new Map(), writes: 0 };

/** A stale master is made a replica so long after another one was promoted. */
const STALE_FOR = 10_000;

/** A Redis server. */
export class RedisNode {
  data: Data = EMPTY;
  /** How many writes it has taken, as a master or a replica: the one that has most is promoted. */
  offset = 0;
  isUp = true;
  isMaster = false;
  /** Where it takes writes from; null for a master. */
  source: RedisNode | null = null;
  pausedUntil = -Infinity;
  private readonly queue: (() => void)[] = [];
  private sentUntil = 0;

  constructor(
    readonly name: string,
    private readonly timers: Timers,
    private readonly random: Random,
    /** How far its clock is from that of the world. */
    private readonly skew: number,
  ) {}

  get micros(): number {
    return Math.floor((1_700_000_000_000 + this.timers.now() + this.skew) * 1_000);
  }

  /** Something arrives; while the process is paused it waits, and is carried out late. */
  receive(run: () => void): void {
    if (!this.isUp) return;
    if (this.timers.now() < this.pausedUntil) this.queue.push(run);
    else run();
  }

  pause(ms: number): void {
    this.pausedUntil = this.timers.now() + ms;
    this.timers.after(ms, () => {
      for (const run of this.queue.splice(0)) this.receive(run);
    });
  }

  die(): void {
    this.isUp = false;
    this.queue.length = 0;
  }

  follow(source: RedisNode): void {
    this.isMaster = false;
    this.isUp = true;
    this.source = source;
    this.data = source.data;
    this.offset = source.offset;
  }

  promote(): void {
    this.isMaster = true;
    this.source = null;
  }

  empty(): void {
    this.data = EMPTY;
  }

  /** Takes a write, and has replicas take it, each some time later. `onConfirmed` is called when the first of them has. */
  write(data: Data, replicas: readonly RedisNode[], isLinked: () => boolean, onConfirmed: () => void): void {
    this.data = data;
    this.offset += 1;
    const { offset } = this;
    const now = this.timers.now();
    for (const replica of replicas) {
      this.sentUntil = Math.max(this.sentUntil, now + this.random.next() * 3);
      this.timers.after(this.sentUntil - now, () => {
        if (!this.isUp || !isLinked()) return;
        replica.receive(() => {
          if (replica.source !== this || replica.offset >= offset) return;
          replica.data = data;
          replica.offset = offset;
          onConfirmed();
        });
      });
    }
  }
}

/** A master with two replicas, and Sentinels that fail over. Writes that no replica has taken are lost with their master. */
export class SimRedis {
  readonly nodes: readonly RedisNode[];
  /** What the Sentinels say; those on the small side of a split do not learn it. */
  master: RedisNode;
  /** The peers that are with an old master on the small side of the network. */
  private split: { readonly node: RedisNode; readonly peers: ReadonlySet<string> } | null = null;
  private isAway = false;
  private areReplicasCut = false;

  constructor(
    private readonly timers: Timers,
    private readonly random: Random,
    readonly wrongs: Wrongs,
  ) {
    this.nodes = ['a', 'b', 'c'].map(
      (name) => new RedisNode(name, timers, random, random.between(-90_000, 90_000)),
    );
    this.master = this.nodes[0]!;
    this.master.promote();
    for (const node of this.nodes.slice(1)) node.follow(this.master);
  }

  /** The master that a peer is told of. */
  masterFor(peer: string): RedisNode {
    return this.split?.peers.has(peer) ? this.split.node : this.master;
  }

  reaches(peer: string, node: RedisNode): boolean {
    if (this.isAway) return false;
    return this.split === null || this.split.peers.has(peer) === (node === this.split.node);
  }

  /** Writes to a master, whichever holds itself for one. */
  write(node: RedisNode, data: Data, onConfirmed: () => void): void {
    if (this.wrongs.confirmsAll) this.timers.after(0, onConfirmed);
    const replicas = this.nodes.filter(({ source }) => source === node);
    node.write(data, replicas, () => this.isLinked(node), onConfirmed);
  }

  /** Whether a replica is there to confirm. */
  canConfirm(node: RedisNode): boolean {
    const now = this.timers.now();
    return this.nodes.some(
      (one) => one.source === node && one.isUp && one.pausedUntil <= now && this.isLinked(node),
    );
  }

  /** The replica that has most is promoted. The old master goes on until it hears of that. */
  failOver(): void {
    const old = this.master;
    const now = this.timers.now();
    const able = this.nodes.filter((node) => node !== old && node.isUp && node.pausedUntil <= now);
    const [best] = able.toSorted((one, other) => other.offset - one.offset);
    if (!best) return;
    best.promote();
    this.master = best;
    for (const node of able) if (node !== best) node.follow(best);
    this.timers.after(STALE_FOR, () => this.demote(old));
  }

  kill(backAfter: number): void {
    const old = this.master;
    old.die();
    old.isMaster = false;
    this.timers.after(this.random.between(2_500, 7_000), () => this.failOver());
    this.timers.after(backAfter, () => old.follow(this.master));
  }

  /** Where it lasts long, the Sentinels promote another one meanwhile. */
  pause(ms: number): void {
    const { master } = this;
    master.pause(ms);
    if (ms <= 6_000) return;
    this.timers.after(6_000, () => this.master === master && this.failOver());
  }

  /**
   * Some peers stay with the old master; no Sentinel and no replica reaches them. Were a replica to stay there, too, the old master
   * would confirm writes that the Sentinels throw away in the end: Redis can keep no promise then.
   */
  part(peers: ReadonlySet<string>, ms: number): void {
    this.split = { node: this.master, peers };
    this.timers.after(this.random.between(2_500, 6_000), () => this.failOver());
    this.timers.after(ms, () => {
      const { node: old } = this.split!;
      this.split = null;
      this.demote(old);
    });
  }

  cutReplicas(ms: number): void {
    this.areReplicasCut = true;
    this.timers.after(ms, () => {
      this.areReplicasCut = false;
      for (const node of this.nodes) if (node.source) node.follow(node.source);
    });
  }

  goAway(ms: number): void {
    this.isAway = true;
    this.timers.after(ms, () => (this.isAway = false));
  }

  /** It was restarted without a file, and the replicas empty themselves after it. */
  empty(): void {
    for (const node of this.nodes) node.empty();
  }

  private isLinked(node: RedisNode): boolean {
    return !this.areReplicasCut && this.split?.node !== node;
  }

  private demote(old: RedisNode): void {
    const isStale = old !== this.master && old.isMaster && this.split?.node !== old;
    if (isStale) old.follow(this.master);
  }
}
