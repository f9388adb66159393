import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { REFUSALS } from '#contracts';
import { RedisServer } from '../../support/redis.js';
import { type KnownTriton, startBerth } from '../berth.js';
import type { Figure } from '../figure.js';
import { Caller, reasonOf } from '../rpc.js';
import { startSimulated } from '../triton.js';
import type { PeerBerth } from './stage.js';

const GIB = 2 ** 30;
const WARM = 'warm';
/** Three of them fit beside the warm one. */
const COLD = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
const WAIT_MS = 30_000;
const PEERS = 3;
const WARM_EVERY_MS = 20;
const COLD_EVERY_MS = 500;
const WRITE_EVERY_MS = 100;
/** Before and after each change. */
const STEADY_MS = 5_000;

/**
 * Three Berths on one Redis are replaced one after the other by those of this checkout, and then by those of `before` again, under
 * warm and cold calls and admin writes. Callers leave a Berth before it is told to end, as behind a balancer.
 */
export async function rollingUpdate(before: string | undefined): Promise<Figure[]> {
  if (before === undefined) throw new Error('--before names the checkout that is replaced, and is built');
  const older = pathToFileURL(join(resolve(before), 'dist/'));
  const models = [WARM, ...COLD].map((name) => ({ name, gpuBytes: 4 * GIB, loadMs: 500, unloadMs: 200 }));
  const triton = await startSimulated(models, { gpus: 1 });
  const redis = await RedisServer.start();
  const fleet = new Fleet(redis.url, triton);
  try {
    for (let nth = 0; nth < PEERS; nth += 1) await fleet.start(nth, older);
    const calls = new Calls(fleet);
    await calls.warmUp();
    const ended = calls.run();
    await sleep(STEADY_MS);
    for (const dist of [undefined, older])
      for (let nth = 0; nth < PEERS; nth += 1) {
        await fleet.replace(nth, dist);
        await sleep(STEADY_MS);
      }
    calls.stop();
    await ended;
    return await calls.figures();
  } finally {
    await fleet.end();
    await triton.end();
    await redis.remove();
  }
}

/** A Berth, and who calls it. */
interface Member extends PeerBerth {
  readonly caller: Caller;
}

class Fleet {
  private readonly members = new Map<number, Member>();

  constructor(
    private readonly url: string,
    private readonly triton: KnownTriton,
  ) {}

  /** Those that callers know of. */
  get known(): readonly Member[] {
    return [...this.members.values()];
  }

  async start(nth: number, dist: URL | undefined): Promise<void> {
    const name = `peer-${nth}`;
    const settings = {
      redis: { url: this.url },
      peer: { name },
      models: Object.fromEntries(
        [WARM, ...COLD].map((model) => [model, { gpuMemoryLimitMb: 4_096, minResidencySeconds: 0 }]),
      ),
    };
    const berth = await startBerth([this.triton], settings, dist && { dist });
    this.members.set(nth, { ...berth, name, caller: new Caller(berth.grpc) });
  }

  async replace(nth: number, dist: URL | undefined): Promise<void> {
    const member = this.members.get(nth)!;
    this.members.delete(nth);
    await member.end();
    member.caller.close();
    await this.start(nth, dist);
  }

  async end(): Promise<void> {
    for (const member of this.known) {
      member.caller.close();
      await member.end().catch(() => undefined);
    }
  }
}

/** The calls of all kinds, and what came of them. */
class Calls {
  private isOver = false;
  private readonly asked = { warm: 0, cold: 0, writes: 0 };
  private readonly failed = { warm: [] as string[], cold: [] as string[], writes: [] as string[] };
  /** Why cold calls were refused. */
  private readonly refused: string[] = [];
  /** What acknowledged writes say of their models. */
  private readonly acknowledged = new Map<string, number>();

  constructor(private readonly fleet: Fleet) {}

  async warmUp(): Promise<void> {
    await this.any().caller.resolve({ model: WARM, waitMs: WAIT_MS });
    await put(this.any(), `/v1/models/${WARM}/pin`, {});
    // Each peer has heard of the route by then.
    await sleep(STEADY_MS);
  }

  async run(): Promise<void> {
    const pending: Promise<unknown>[] = [];
    const each = async (everyMs: number, call: () => Promise<unknown>): Promise<void> => {
      for (; !this.isOver; await sleep(everyMs)) pending.push(call());
    };
    await Promise.all([
      each(WARM_EVERY_MS, () => Promise.all(this.fleet.known.map((member) => this.warm(member)))),
      each(COLD_EVERY_MS, () => this.cold()),
      each(WRITE_EVERY_MS, () => this.write()),
    ]);
    await Promise.all(pending);
  }

  stop(): void {
    this.isOver = true;
  }

  async figures(): Promise<Figure[]> {
    const lost: string[] = [];
    for (const [model, idleUnloadSeconds] of this.acknowledged) {
      const answer = await fetch(`${this.any().http}/v1/models/${model}`);
      const { spec } = (await answer.json()) as { readonly spec: { readonly idleUnloadSeconds?: number } };
      if (spec.idleUnloadSeconds !== idleUnloadSeconds) lost.push(model);
    }
    const figure = (name: string, failed: readonly string[], calls: number, more = {}): Figure => ({
      ...{ name, value: failed.length, unit: 'calls', goal: '0', met: failed.length === 0 },
      details: { calls, failed: failed.slice(0, 5), ...more },
    });
    return [
      figure('rolling_update_warm_failures', this.failed.warm, this.asked.warm),
      figure('rolling_update_cold_without_answer', this.failed.cold, this.asked.cold, {
        refused: this.refused,
      }),
      figure('rolling_update_write_failures', this.failed.writes, this.asked.writes),
      figure('rolling_update_lost_writes', lost, this.acknowledged.size),
    ];
  }

  private any(): Member {
    const { known } = this.fleet;
    return known[Math.floor(Math.random() * known.length)]!;
  }

  private async warm({ caller }: Member): Promise<void> {
    this.asked.warm += 1;
    await caller
      .resolve({ model: WARM, waitMs: 0 })
      .catch((error: unknown) => this.failed.warm.push(reasonOf(error)));
  }

  /** As a gateway: where a Berth ends another one is asked. A refusal of the fleet is an answer. */
  private async cold(model = COLD[this.asked.cold++ % COLD.length]!): Promise<void> {
    const request = { model, waitMs: WAIT_MS, leaseMs: 1_000 };
    const reason = await this.any()
      .caller.resolve(request)
      .then(() => undefined, reasonOf);
    if (reason === 'shutting_down') return await this.cold(model);
    if (reason === undefined) return;
    if (reason in REFUSALS) this.refused.push(reason);
    else this.failed.cold.push(reason);
  }

  /** Each writes a model of its own. */
  private async write(): Promise<void> {
    const nth = this.asked.writes++;
    const model = `written-${nth}`;
    const status = await put(this.any(), `/v1/models/${model}`, { idleUnloadSeconds: 100 + nth }).catch(
      String,
    );
    if (status === 200 || status === 201) this.acknowledged.set(model, 100 + nth);
    else this.failed.writes.push(String(status));
  }
}

async function put({ http }: Member, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const answer = await fetch(`${http}${path}`, { method: 'PUT', headers, body: JSON.stringify(body) });
  await answer.text();
  return answer.status;
}
