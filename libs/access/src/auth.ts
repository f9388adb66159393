import type { MaxClass, Nameable, Role } from './principal.js';

/** What a credential gives its holder. */
export interface Grant {
  readonly role: Role;
  /** Null: the credential's own name is the tenant. */
  readonly tenant: string | null;
  /** Null: any class may be asked for. */
  readonly maxClass: MaxClass | null;
  /** See `Principal`. */
  readonly maxLeaseMs?: number | undefined;
  /** See `Principal`. */
  readonly mayName?: readonly Nameable[] | undefined;
}

/** A key, known by its hash only. */
interface KeyGrant extends Grant {
  readonly id: string;
  /** SHA-256 of the key, as 64 lower-case hexadecimal digits. */
  readonly hash: string;
  /** In milliseconds since 1970; null: never. */
  readonly expiresAt: number | null;
}

/** An issuer of tokens. */
export interface Issuer {
  /** The claim `iss`. */
  readonly issuer: string;
  /** What the claim `aud` has to name. */
  readonly audience: string;
  /** The URL of its public keys. */
  readonly jwks: string;
  /** The first whose claim is the same text holds. */
  readonly grants: readonly (Grant & { readonly claim: string; readonly equals: string })[];
}

/** Which callers there are. */
export interface Auth {
  readonly keys: readonly KeyGrant[];
  readonly jwt: readonly Issuer[];
  /** `san` is `URI:...` or `DNS:...`. */
  readonly certificates: readonly (Grant & { readonly san: string })[];
}
