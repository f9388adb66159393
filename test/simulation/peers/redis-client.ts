import type { Claimed, Lease, LeaseClaim, LeaseKeeper, LeaseReading, Renewed } from '#engine';
import type { Process } from '../process.js';
import type { Random } from '../random.js';
import { claimed, released, renewed } from './lease-rules.js';
import type { Data, RedisNode, SimRedis } from './sim-redis.js';

/** A call without an answer is given up. */
const GIVE_UP = 1_500;
/** A write waits so long for a replica. */
const WAIT = 500;
/** What arrives later than this is void, by the clock of the server. */
const NOT_AFTER = 1_000;

/** What a command answers, and what it leaves where it writes. */
export type Command<Value> = (data: Data, node: RedisNode) => { readonly value: Value; readonly data?: Data };

interface Confirmed<Value> {
  readonly value: Value;
  readonly isConfirmed: boolean;
}

/** How a peer reaches Redis: over connections that last until something goes wrong with them. */
export class RedisClient {
  private node: RedisNode | null = null;

  constructor(
    private readonly redis: SimRedis,
    private readonly process: Process,
    private readonly peer: string,
    private readonly random: Random,
    private readonly world: { after(ms: number, run: () => void): () => void },
  ) {}

  /** Rejects where no answer came: then it may have been carried out, or may be yet. */
  call<Value>(command: Command<Value>): Promise<Confirmed<Value>> {
    const node = (this.node ??= this.redis.masterFor(this.peer));
    const sentAt = this.process.now();
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
          this.node = null;
          reject(new Error(why));
        });
      const cancel = this.process.after(GIVE_UP, () => fail('no answer'));
      const back = (run: () => void): void =>
        void this.world.after(this.delay(), () => this.process.receive(run));
      if (!node.isUp) return back(() => fail('refused'));
      if (!this.redis.reaches(this.peer, node)) return;
      const arrive = (): void => {
        const isLate = this.process.now() - sentAt > NOT_AFTER;
        if (isLate || !node.isMaster) return back(() => fail(isLate ? 'late' : 'READONLY'));
        this.carryOut(node, command, (found) => back(() => end(() => resolve(this.taken(found)))));
      };
      this.world.after(this.delay(), () => node.receive(arrive));
    });
  }

  /** Answers once a replica has taken what was written, or has not in time. */
  private carryOut<Value>(
    node: RedisNode,
    command: Command<Value>,
    answer: (found: Confirmed<Value>) => void,
  ): void {
    const { value, data } = command(node.data, node);
    if (!data) return answer({ value, isConfirmed: true });
    let isAnswered = false;
    const once = (isConfirmed: boolean): void => {
      if (!isAnswered) answer({ value, isConfirmed });
      isAnswered = true;
    };
    this.redis.write(node, data, () => once(true));
    this.world.after(WAIT, () => once(false));
  }

  /** After what was not confirmed the Sentinels are asked anew. */
  private taken<Value>(found: Confirmed<Value>): Confirmed<Value> {
    if (!found.isConfirmed) this.node = null;
    return found;
  }

  private delay(): number {
    return 0.1 + 2 * this.random.next();
  }
}

/** The lease in the simulated Redis. */
export class SimLeaseKeeper implements LeaseKeeper {
  constructor(
    private readonly client: RedisClient,
    private readonly redis: SimRedis,
  ) {}

  async read(): Promise<LeaseReading> {
    return (
      await this.client.call(({ lease }, node) => ({
        value: { ...lease, canConfirm: this.redis.canConfirm(node) },
      }))
    ).value;
  }

  async acquire(claim: LeaseClaim): Promise<Claimed> {
    const { value, isConfirmed } = await this.client.call<Claimed>((data, node) => {
      const [lease, value] = claimed(data.lease, claim, node.micros);
      return value.outcome === 'taken' ? { value } : { value, data: { ...data, lease } };
    });
    return value.outcome === 'acquired' ? { ...value, isConfirmed } : value;
  }

  async renew(lease: Lease): Promise<Renewed> {
    const { value, isConfirmed } = await this.client.call<Renewed>((data) => {
      const [state, value] = renewed(data.lease, lease, this.redis.wrongs);
      return value === 'lost' ? { value } : { value, data: { ...data, lease: state } };
    });
    return value === 'lost' || isConfirmed ? value : 'unconfirmed';
  }

  async release(lease: Lease): Promise<void> {
    await this.client.call((data) => ({
      value: null,
      data: { ...data, lease: released(data.lease, lease) },
    }));
  }
}
