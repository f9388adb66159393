import { X509Certificate } from 'node:crypto';
import type { OwnAuthority, Pair } from './own-authority.js';

/** A certificate is renewed in its last 30 days. */
const RENEWED_EARLIER_MS = 30 * 86_400_000;

interface Signed {
  readonly pair: Pair;
  readonly names: ReadonlySet<string>;
  /** In milliseconds since 1970, as `until`. */
  readonly from: number;
  readonly until: number;
}

/** The server certificate that our own authority has signed last. It is kept in memory alone: each process has another one. */
export class OwnPair {
  private last: Signed | null = null;

  constructor(private readonly authority: OwnAuthority) {}

  /** The one before, while it lasts and has all names; else another one. `now` is in milliseconds since 1970. */
  async with(names: readonly string[], now: number): Promise<Pair> {
    const { last } = this;
    if (last && this.lasts(last, now) && names.every((name) => last.names.has(name))) return last.pair;
    const pair = await this.authority.sign(names, now);
    const { validFrom, validTo } = new X509Certificate(pair.cert);
    this.last = { pair, names: new Set(names), from: Date.parse(validFrom), until: Date.parse(validTo) };
    return pair;
  }

  /** Another one would not end later than one that ends with its authority. It would begin earlier where the clock was set back. */
  private lasts({ from, until }: Signed, now: number): boolean {
    return now >= from && (until - now > RENEWED_EARLIER_MS || until >= this.authority.until);
  }
}
