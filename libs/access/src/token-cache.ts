import type { Principal } from './principal.js';

/** What became of a token whose signature was good. */
export interface CachedToken {
  readonly answer: Principal | 'not_signed_in';
  /** Until then it is not verified anew. In milliseconds since 1970. */
  readonly freshUntil: number;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Tokens that were verified, by their hash. Where there are too many the one that was verified first goes. */
export class TokenCache {
  private readonly byHash = new Map<string, CachedToken>();

  constructor(private readonly most: number) {}

  get(hash: string): CachedToken | undefined {
    return this.byHash.get(hash);
  }

  set(hash: string, token: CachedToken): void {
    this.byHash.delete(hash);
    this.byHash.set(hash, token);
    if (this.byHash.size <= this.most) return;
    const [first] = this.byHash.keys();
    if (first !== undefined) this.byHash.delete(first);
  }

  delete(hash: string): void {
    this.byHash.delete(hash);
  }
}
