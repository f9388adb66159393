import type { Timers } from '#triton-simulator';
import type { Random } from '../../random.js';
import type { PeersPlan } from '../peers-plan.js';
import { RedisNode } from './redis-node.js';

/** What a Redis may do wrong: the simulation has to find each of these. */
export interface Wrongs {
  /** Every write is said to be confirmed. */
  readonly confirmsAll?: boolean;
  /** A text of a script, and what is in its place. */
  readonly edit?: readonly [text: string, other: string];
}

/** A stale master is made a replica so long after another one was promoted. */
const STALE_FOR = 10_000;

/** A replica that was last heard of so many seconds ago does not count where one is needed. */
const MAX_LAG = 5;

/** A leader hears so late of a later term that the Sentinels threw away, and leads no more. */
const HEARD_OF_WITHIN = 50_000;

/** How a split leaves some with the old master, where no Sentinel reaches them. */
interface Split {
  readonly old: RedisNode;
  readonly peers: ReadonlySet<string>;
  readonly since: number;
  /** A replica that stays with the old master, and confirms what it takes; null: none. */
  readonly replica: RedisNode | null;
}

/** A master with two replicas, and Sentinels that fail over. Writes that no replica has taken are lost with their master. */
export class SimRedis {
  readonly nodes: readonly RedisNode[];
  /** What the Sentinels say; those on the small side of a split do not learn it. */
  master: RedisNode;
  private split: Split | null = null;
  private isAway = false;
  private cutSince: number | null = null;
  /** When something was last wrong with it that may have lost it a write, or have kept a peer from its master. */
  disturbedAt = -Infinity;

  constructor(
    private readonly timers: Timers,
    private readonly random: Random,
    private readonly settings: Pick<PeersPlan, 'skew' | 'needsReplica'>,
    private readonly wrongs: Wrongs = {},
  ) {
    const { skew } = settings;
    this.nodes = ['a', 'b', 'c'].map(
      (name) => new RedisNode(name, timers, random, random.between(-skew, skew)),
    );
    this.master = this.nodes[0]!;
    this.master.promote();
    for (const node of this.nodes.slice(1)) node.follow(this.master);
  }

  /** The master that a peer is told of. */
  masterFor(peer: string): RedisNode {
    return this.split?.peers.has(peer) ? this.split.old : this.master;
  }

  reaches(peer: string, node: RedisNode): boolean {
    if (this.isAway) return false;
    return this.split === null || this.split.peers.has(peer) === this.isOnSmallSide(node);
  }

  /** Runs a script on a master, whichever holds itself for one. Null: it has changed nothing. */
  run(
    node: RedisNode,
    [script, keys, args]: readonly [string, readonly string[], readonly (string | number)[]],
    onConfirmed: () => void,
  ): { readonly reply: unknown[]; readonly hasChanged: boolean } {
    const { confirmsAll, edit } = this.wrongs;
    const { reply, effects } = node.run(edit ? script.replace(...edit) : script, keys, args);
    if (confirmsAll) this.timers.after(0, onConfirmed);
    const replicas = this.nodes.filter(({ source }) => source === node);
    if (effects.length > 0)
      node.replicate(effects, replicas, (replica) => this.isLinked(node, replica), onConfirmed);
    return { reply, hasChanged: effects.length > 0 };
  }

  /** As `min-replicas-max-lag` has it. */
  takesWrites(node: RedisNode): boolean {
    return !this.settings.needsReplica || this.lagsOf(node).some((lag) => lag <= MAX_LAG);
  }

  /** What `INFO replication` says: which replicas are there, and for how many seconds each has not been heard of. */
  replicationOf(node: RedisNode): string {
    const lines = this.lagsOf(node).map(
      (lag, at) => `slave${at}:ip=x,port=1,state=online,offset=1,lag=${lag}`,
    );
    return [`role:${node.isMaster ? 'master' : 'slave'}`, ...lines].join('\n');
  }

  /** The replica that has most is promoted. The old master goes on until it hears of that. */
  failOver(): void {
    this.disturb(0);
    const old = this.master;
    const now = this.timers.now();
    const able = this.nodes.filter(
      (node) => node !== old && node !== this.split?.replica && node.isUp && node.pausedUntil <= now,
    );
    const [best] = able.toSorted((one, other) => other.offset - one.offset);
    if (!best) return;
    best.promote();
    this.master = best;
    for (const node of able) if (node !== best) node.follow(best);
    this.timers.after(STALE_FOR, () => this.demote(old));
  }

  kill(backAfter: number): void {
    this.disturb(0);
    const old = this.master;
    old.die();
    old.isMaster = false;
    this.timers.after(this.random.between(2_500, 7_000), () => this.failOver());
    this.timers.after(backAfter, () => old.follow(this.master));
  }

  /** Where it lasts long, the Sentinels promote another one meanwhile. */
  pause(ms: number): void {
    this.disturb(ms);
    const { master } = this;
    master.pause(ms);
    if (ms <= 6_000) return;
    this.timers.after(6_000, () => this.master === master && this.failOver());
  }

  /**
   * Some peers stay with the old master; no Sentinel reaches them. Where a replica stays there, too, the old master confirms
   * writes that the Sentinels throw away in the end: see docs/replicas.md.
   */
  part(peers: ReadonlySet<string>, ms: number, withReplica: boolean): void {
    this.disturb(withReplica ? ms + HEARD_OF_WITHIN : ms);
    const old = this.master;
    const replica = withReplica ? (this.nodes.find(({ source }) => source === old) ?? null) : null;
    this.split = { old, peers, replica, since: this.timers.now() };
    this.timers.after(this.random.between(2_500, 6_000), () => this.failOver());
    this.timers.after(ms, () => {
      this.split = null;
      this.demote(old);
      replica?.follow(this.master);
    });
  }

  cutReplicas(ms: number): void {
    this.cutSince = this.timers.now();
    this.timers.after(ms, () => {
      this.cutSince = null;
      for (const node of this.nodes) if (node.source) node.follow(node.source);
    });
  }

  goAway(ms: number): void {
    this.isAway = true;
    this.timers.after(ms, () => (this.isAway = false));
  }

  /** It was restarted without a file, and the replicas empty themselves after it. */
  empty(): void {
    this.disturb(0);
    for (const node of this.nodes) node.empty();
  }

  /** From now on for so long. */
  private disturb(ms: number): void {
    this.disturbedAt = Math.max(this.disturbedAt, this.timers.now() + ms);
  }

  private lagsOf(node: RedisNode): number[] {
    const now = this.timers.now();
    const since = this.cutSince ?? this.split?.since ?? -Infinity;
    return this.nodes
      .filter(({ source, isUp }) => source === node && isUp)
      .map((replica) => (this.isLinked(node, replica) ? 0 : Math.floor((now - since) / 1_000)));
  }

  private isOnSmallSide(node: RedisNode): boolean {
    return node === this.split?.old || node === this.split?.replica;
  }

  private isLinked(node: RedisNode, replica: RedisNode): boolean {
    return this.cutSince === null && this.isOnSmallSide(node) === this.isOnSmallSide(replica);
  }

  private demote(old: RedisNode): void {
    const isStale = old !== this.master && old.isMaster && this.split?.old !== old;
    if (isStale) old.follow(this.master);
  }
}
