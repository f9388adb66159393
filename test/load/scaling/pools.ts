import type { TracedModel } from './trace.js';

/** The memory of one server of the study: both its GPUs as one pool, since some models are larger than one GPU. */
export const SERVER_MB = 2 * 23 * 1_024;
/** A model leaves once it was not asked for during so many minutes. */
const IDLE_MINUTES = 5;
const MINUTE_S = 60;

/** What one server holds: the models, and the minute in which each was asked for last. */
interface Pool {
  free: number;
  readonly held: Map<TracedModel, number>;
}

/** Models that would leave a server, and when the latest used of them was used. */
interface Victims {
  readonly pool: Pool;
  readonly models: readonly TracedModel[];
  readonly newest: number;
}

/** Servers that load what is asked for, and evict what was used least recently. Time passes in minutes. */
export class Pools {
  private readonly pools = new Map<string, Pool>();
  private readonly homes = new Map<TracedModel, string>();
  /** The seconds that requests waited for loads. */
  waited = 0;

  get servers(): readonly string[] {
    return [...this.pools.keys()];
  }

  heldBy(server: string): readonly TracedModel[] {
    return [...(this.pools.get(server)?.held.keys() ?? [])];
  }

  add(server: string): void {
    this.pools.set(server, { free: SERVER_MB, held: new Map() });
  }

  remove(server: string): void {
    for (const model of this.heldBy(server)) this.homes.delete(model);
    this.pools.delete(server);
  }

  /** The requests of one minute. */
  ask(models: readonly TracedModel[], minute: number): void {
    this.dropIdle(minute);
    for (const model of models) {
      const home = this.homes.get(model);
      if (home !== undefined) this.pools.get(home)!.held.set(model, minute);
      else this.load(model, minute);
    }
  }

  private dropIdle(minute: number): void {
    for (const pool of this.pools.values()) {
      for (const [model, used] of pool.held) if (minute - used > IDLE_MINUTES) this.drop(pool, model);
    }
  }

  private drop(pool: Pool, model: TracedModel): void {
    pool.held.delete(model);
    pool.free += model.sizeMb;
    this.homes.delete(model);
  }

  private load(model: TracedModel, minute: number): void {
    const count = model.asked[minute]!;
    const place = this.bestFit(model) ?? this.evicted(model);
    if (place === undefined) {
      this.waited += count * MINUTE_S;
      return;
    }
    const [server, pool] = place;
    pool.free -= model.sizeMb;
    pool.held.set(model, minute);
    this.homes.set(model, server);
    const during = (count - 1) * Math.min(1, model.loadSeconds / MINUTE_S);
    this.waited += model.loadSeconds * (1 + during / 2);
  }

  /** The server with room that would have the least left. */
  private bestFit({ sizeMb }: TracedModel): readonly [string, Pool] | undefined {
    let best: readonly [string, Pool] | undefined;
    for (const one of this.pools) {
      if (one[1].free >= sizeMb && (best === undefined || one[1].free < best[1].free)) best = one;
    }
    return best;
  }

  private evicted({ sizeMb }: TracedModel): readonly [string, Pool] | undefined {
    let least: (Victims & { readonly server: string }) | undefined;
    for (const [server, pool] of this.pools) {
      const victims = victimsIn(pool, sizeMb);
      if (victims && (least === undefined || victims.newest < least.newest)) least = { ...victims, server };
    }
    if (least === undefined) return undefined;
    for (const victim of least.models) this.drop(least.pool, victim);
    return [least.server, least.pool];
  }
}

function victimsIn(pool: Pool, sizeMb: number): Victims | undefined {
  const byUse = [...pool.held].toSorted(([, a], [, b]) => a - b);
  const models: TracedModel[] = [];
  let { free } = pool;
  let newest = -Infinity;
  for (const [model, used] of byUse) {
    if (free >= sizeMb) break;
    free += model.sizeMb;
    newest = used;
    models.push(model);
  }
  return free >= sizeMb ? { pool, models, newest } : undefined;
}
