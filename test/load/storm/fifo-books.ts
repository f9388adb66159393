import type { Instant, Millis } from '#core';
import { modelRoomMb, type StormModel, type Workload } from './workload.js';

/** A request that waits. */
interface Waiter {
  readonly id: number;
  readonly model: string;
  readonly lease: Millis;
}

interface Place {
  readonly server: number;
  readonly device: number;
}

/** A copy of a model. `promised` waits for those that leave for it; it has its load slot already. */
interface Copy extends Place {
  readonly model: string;
  readonly mb: number;
  phase: 'promised' | 'loading' | 'ready' | 'leaving';
  readySince: Instant;
  lastUse: Instant;
  inUseUntil: Instant;
}

/** What a Triton is to be told. */
export interface FifoOrder extends Place {
  readonly kind: 'load' | 'unload';
  readonly model: string;
}

/**
 * What Berth is compared with: the plain queue before the load slots, as others have it. The first request is loaded
 * first, and the least recently used copy leaves. A request is refused only for a full queue or when its time is up.
 * The queue is given whatever costs nothing. Requests for one model share its load, and an expired request gets no
 * load. A model that finds no room blocks no other. Only decisions are here; the process around them is
 * `fifo-server.ts`.
 */
export class FifoBooks {
  private readonly waiting = new Map<number, Waiter>();
  private readonly copies = new Map<string, Copy>();
  private readonly models: ReadonlyMap<string, StormModel>;
  private readonly places: readonly Place[];

  constructor(private readonly workload: Workload) {
    const { models, servers, gpus } = workload;
    this.models = new Map(models.map((model) => [model.name, model]));
    const all = Array.from({ length: servers * gpus }, (_, at) => at);
    this.places = all.map((at) => ({ server: Math.floor(at / gpus), device: at % gpus }));
  }

  /** Whether the model serves, or its request waits, or may not. */
  arrive(waiter: Waiter, now: Instant): 'warm' | 'waits' | 'queue_full' {
    const copy = this.copies.get(waiter.model);
    if (copy?.phase === 'ready') {
      use(copy, waiter.lease, now);
      return 'warm';
    }
    if (this.waiting.size >= this.workload.queue) return 'queue_full';
    this.waiting.set(waiter.id, waiter);
    return 'waits';
  }

  /** Its time is up, or its caller has gone. */
  leave(id: number): void {
    this.waiting.delete(id);
  }

  /** A load has ended; returns those whose wait is over. */
  loaded(model: string, now: Instant): readonly number[] {
    const copy = this.copies.get(model)!;
    Object.assign(copy, { phase: 'ready', readySince: now });
    const served = [...this.waiting.values()].filter((one) => one.model === model);
    for (const { id, lease } of served) {
      this.waiting.delete(id);
      use(copy, lease, now);
    }
    return served.map(({ id }) => id);
  }

  /** A load has failed, or the memory of what left is free. */
  gone(model: string): void {
    this.copies.delete(model);
  }

  /** What is to be done now. */
  next(now: Instant): readonly FifoOrder[] {
    const orders = this.takeRoom();
    for (const model of new Set([...this.waiting.values()].map((one) => one.model))) {
      if (!this.copies.has(model)) orders.push(...this.makeWay(this.models.get(model)!, now));
    }
    return orders;
  }

  /** The loads whose room has come. */
  private takeRoom(): FifoOrder[] {
    const orders: FifoOrder[] = [];
    for (const copy of this.copies.values()) {
      if (copy.phase !== 'promised' || this.roomOn(copy) < 0) continue;
      copy.phase = 'loading';
      orders.push(orderFor('load', copy));
    }
    return orders;
  }

  private makeWay({ name, mb }: StormModel, now: Instant): FifoOrder[] {
    const ways = this.places
      .filter((place) => this.hasSlot(place))
      .flatMap((place) => {
        const victims = this.victimsOn(place, mb - this.roomOn(place), now);
        return victims ? [{ ...place, victims }] : [];
      });
    const [best] = ways.sort((one, other) => latest(one.victims) - latest(other.victims));
    if (!best) return [];
    const { server, device, victims } = best;
    for (const victim of victims) victim.phase = 'leaving';
    const times = { readySince: Infinity, lastUse: now, inUseUntil: now };
    this.copies.set(name, { model: name, mb, server, device, phase: 'promised', ...times });
    return [...victims.map((victim) => orderFor('unload', victim)), ...this.takeRoom()];
  }

  private hasSlot({ server, device }: Place): boolean {
    const { loadsPerServer, loadsPerDevice } = this.workload;
    const coming = [...this.copies.values()].filter(
      (copy) => copy.server === server && (copy.phase === 'loading' || copy.phase === 'promised'),
    );
    const there = coming.filter((copy) => copy.device === device);
    return coming.length < loadsPerServer && there.length < loadsPerDevice;
  }

  /** What is left there once all that is promised has come; below 0 as long as something has to leave for it. */
  private roomOn(place: Place): number {
    return this.copiesOn(place).reduce((room, { mb }) => room - mb, modelRoomMb(this.workload));
  }

  /** The least recently used that free so much; undefined where not enough may leave. */
  private victimsOn(place: Place, short: number, now: Instant): readonly Copy[] | undefined {
    const idle = this.copiesOn(place).filter(
      ({ phase, inUseUntil, readySince }) =>
        phase === 'ready' && inUseUntil <= now && readySince + this.workload.residencyMs <= now,
    );
    const victims: Copy[] = [];
    for (const copy of idle.sort((one, other) => one.lastUse - other.lastUse)) {
      if (short <= 0) break;
      victims.push(copy);
      short -= copy.mb;
    }
    return short <= 0 ? victims : undefined;
  }

  private copiesOn({ server, device }: Place): Copy[] {
    return [...this.copies.values()].filter((copy) => copy.server === server && copy.device === device);
  }
}

function use(copy: Copy, lease: Millis, now: Instant): void {
  copy.lastUse = now;
  copy.inUseUntil = Math.max(copy.inUseUntil, now + lease);
}

const orderFor = (kind: FifoOrder['kind'], { model, server, device }: Copy): FifoOrder => ({
  ...{ kind, model, server, device },
});

/** A place where no copy has to leave is best. */
const latest = (victims: readonly Copy[]): Instant =>
  Math.max(-Infinity, ...victims.map(({ lastUse }) => lastUse));
