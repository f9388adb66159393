import type { RedisLink } from '#store-redis';
import type { Process } from '../../process.js';
import type { Random } from '../../random.js';
import { type Client, clientOf } from './sim-client.js';
import type { RedisNode } from './redis-node.js';
import type { SimRedis } from './sim-redis.js';

/** A write waits so long for a replica. */
const CONFIRM = 500;
/** So soon it is connected again. */
const CONNECTS = 100;

type Result = Awaited<ReturnType<RedisLink['run']>>;

/** Carries out a command on a master, and answers or refuses it once. */
type Command<Value> = (
  node: RedisNode,
  answer: (value: Value) => void,
  refuse: (why: string) => void,
) => void;

/** Where a connection leads from. */
interface Ends {
  readonly redis: SimRedis;
  readonly process: Process;
  readonly peer: string;
  readonly random: Random;
  readonly world: { after(ms: number, run: () => void): () => void };
}

/** How a peer reaches the simulated Redis, in place of a connection of libs/store-redis: it lasts until something goes wrong with it. */
export class SimConnection implements RedisLink {
  generation = 0;
  private node: RedisNode | null = null;
  private readonly client: Client;

  constructor(
    private readonly ends: Ends,
    /** A command rejects after so long. */
    private readonly patience: number,
  ) {
    this.client = clientOf(ends.redis, (read) => this.send((node, answer) => answer(read(node))));
  }

  async run(...script: Parameters<RedisLink['run']>): Promise<Result> {
    const { redis, world } = this.ends;
    const result = await this.send<Result>((node, answer, refuse) => {
      if (!redis.takesWrites(node)) return refuse('NOREPLICAS');
      const { reply, hasChanged } = redis.run(node, script, () => answer({ reply, isConfirmed: true }));
      if (hasChanged) world.after(CONFIRM, () => answer({ reply, isConfirmed: false }));
      else answer({ reply, isConfirmed: true });
    });
    if (!result.isConfirmed) this.askAnew();
    return result;
  }

  ask<Value>(work: (client: Client) => Promise<Value>): Promise<Value> {
    return work(this.client);
  }

  settled(): Promise<void> {
    if (this.node) return Promise.resolve();
    return new Promise((resolve) => void this.ends.process.after(CONNECTS, resolve));
  }

  askAnew(): void {
    this.node = null;
  }

  private connected(): RedisNode {
    if (this.node) return this.node;
    this.generation += 1;
    return (this.node = this.ends.redis.masterFor(this.ends.peer));
  }

  /** Rejects where no answer came: then it may have been carried out, or may be yet. */
  private send<Value>(command: Command<Value>): Promise<Value> {
    const { redis, process, peer, world } = this.ends;
    const node = this.connected();
    return new Promise((resolve, reject) => {
      let isOver = false;
      const end = (finish: () => void): void => {
        if (isOver) return;
        isOver = true;
        cancel();
        finish();
      };
      const fail = (why: string): void =>
        end(() => {
          if (this.node === node) this.askAnew();
          reject(new Error(why));
        });
      const cancel = process.after(this.patience, () => fail('Command timed out'));
      const back = (run: () => void): void => void world.after(this.delay(), () => process.receive(run));
      const arrive = (): void => {
        const refuse = (why: string): void => back(() => fail(why));
        if (!node.isMaster) return refuse('READONLY');
        const answer = once<Value>((value) => back(() => end(() => resolve(value))));
        command(node, answer, refuse);
      };
      if (!node.isUp) back(() => fail('Connection is closed.'));
      else if (redis.reaches(peer, node)) world.after(this.delay(), () => node.receive(arrive));
    });
  }

  private delay(): number {
    return 0.1 + 2 * this.ends.random.next();
  }
}

function once<Value>(tell: (value: Value) => void): (value: Value) => void {
  let isTold = false;
  return (value) => {
    if (!isTold) tell(value);
    isTold = true;
  };
}
