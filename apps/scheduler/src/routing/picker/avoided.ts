import type { Instant, Millis, ServerId } from '#core';

/** By then Berth has looked at the server: what it has lost is no route any more. */
const AVOIDED_FOR: Millis = 2_000;
/** Bound of failures that are remembered. */
const MAX_AVOIDED = 1_000;

/** Servers that have just failed for a model: the next requests for it go elsewhere. */
export class Avoided {
  /** The latest last. */
  private readonly until = new Map<string, { readonly server: ServerId; readonly until: Instant }>();

  constructor(private readonly now: () => Instant) {}

  add(model: string, server: string): void {
    const key = `${model}@${server}`;
    this.until.delete(key);
    this.until.set(key, { server: server as ServerId, until: this.now() + AVOIDED_FOR });
    const [oldest] = this.until.keys();
    if (this.until.size > MAX_AVOIDED) this.until.delete(oldest!);
  }

  of(model: string): readonly ServerId[] {
    if (this.until.size === 0) return NONE;
    const found: ServerId[] = [];
    for (const [key, { server, until }] of this.until) {
      if (until <= this.now()) this.until.delete(key);
      else if (key === `${model}@${server}`) found.push(server);
    }
    return found;
  }
}

const NONE: readonly ServerId[] = [];
