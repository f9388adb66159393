import type { Timers } from '#triton-simulator';
import type { Random } from '../../random.js';
import { type Effect, Keyspace } from './keyspace.js';
import { scriptOf } from './lua.js';
import { type Table, tableOf, textOf, type Value } from './lua-values.js';

/** A replica takes what its master sends so much later, at most. */
const MAX_DELAY = 3;

/** A Redis server. */
export class RedisNode {
  data = Keyspace.empty();
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
    this.data = source.data.copy();
    this.offset = source.offset;
  }

  promote(): void {
    this.isMaster = true;
    this.source = null;
  }

  empty(): void {
    this.data = Keyspace.empty();
  }

  /** Runs a script as the one that libs/store-redis sends. Hands back its reply, and what it has changed. */
  run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): { reply: unknown[]; effects: readonly Effect[] } {
    const effects: Effect[] = [];
    const value = scriptOf(script)(keys, args.map(String), (command, ...rest) =>
      command === 'TIME' ? this.time() : this.data.call(effects, textOf(command), rest.map(textOf)),
    );
    return { reply: replyOf(value), effects };
  }

  /** Has replicas take a write, each some time later. `onConfirmed` is called each time that one has. */
  replicate(
    effects: readonly Effect[],
    replicas: readonly RedisNode[],
    isLinked: (replica: RedisNode) => boolean,
    onConfirmed: () => void,
  ): void {
    this.offset += 1;
    const { offset } = this;
    const now = this.timers.now();
    for (const replica of replicas) {
      this.sentUntil = Math.max(this.sentUntil, now + this.random.next() * MAX_DELAY);
      this.timers.after(this.sentUntil - now, () => {
        if (!this.isUp || !isLinked(replica)) return;
        replica.receive(() => {
          if (replica.take(this, offset, effects)) onConfirmed();
        });
      });
    }
  }

  /** A write of its master arrives. What comes after a gap is not taken: the replica follows anew before. */
  private take(source: RedisNode, offset: number, effects: readonly Effect[]): boolean {
    if (this.source !== source || this.offset !== offset - 1) return false;
    for (const effect of effects) this.data.carryOut(effect);
    this.offset = offset;
    return true;
  }

  /** Seconds and microseconds, by its own clock. */
  private time(): Table {
    const micros = Math.floor((1_700_000_000_000 + this.timers.now() + this.skew) * 1_000);
    return tableOf([String(Math.floor(micros / 1e6)), String(micros % 1e6)]);
  }
}

/** As clients have it: a table is an array. */
const replyOf = (value: Value): unknown[] => (value instanceof Map ? [...value.values()] : [value]);
