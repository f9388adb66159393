import { X509Certificate } from 'node:crypto';
import type { OwnAuthority, Pair } from './own-authority.js';

/** A certificate is renewed in its last 30 days. */
const RENEWED_EARLIER_MS = 30 * 86_400_000;

/** The server certificate that our own authority has signed last. It is kept in memory alone: each process has another one. */
export class OwnPair {
  private last: { readonly pair: Pair; readonly names: ReadonlySet<string>; readonly until: number } | null =
    null;

  constructor(private readonly authority: OwnAuthority) {}

  /** The one before, while it lasts and has all names; else another one. `now` is in milliseconds since 1970. */
  async with(names: readonly string[], now: number): Promise<Pair> {
    const { last } = this;
    if (last && last.until - now > RENEWED_EARLIER_MS && names.every((name) => last.names.has(name)))
      return last.pair;
    const pair = await this.authority.sign(names, now);
    this.last = { pair, names: new Set(names), until: Date.parse(new X509Certificate(pair.cert).validTo) };
    return pair;
  }
}
