import { isDeepStrictEqual } from 'node:util';
import type { Access, Presented, Unsigned } from './access.js';
import type { Auth, Grant, Issuer } from './auth.js';
import { bearerOf } from './bearer.js';
import type { OnKeysMissing } from './issuer-keys.js';
import { hashOf, KEY_PREFIX } from './keys.js';
import { ANONYMOUS, type Principal } from './principal.js';
import { Tokens } from './tokens.js';

interface Key {
  readonly principal: Principal;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Finds callers by keys, tokens (JWT) and client certificates. Principals are made once, not in each call. */
export class SignIn implements Access {
  private auth: Auth | null = null;
  private keys: ReadonlyMap<string, Key> = new Map();
  private certificates: ReadonlyMap<string, Principal> = new Map();
  private issuers: readonly Issuer[] = [];
  private tokens: Tokens;

  /** It is off until credentials are taken. `now` tells the time of day in milliseconds. */
  constructor(
    private readonly now: () => number,
    private readonly onKeysMissing: OnKeysMissing,
  ) {
    this.tokens = new Tokens([], now, onKeysMissing);
  }

  get isOn(): boolean {
    return this.auth !== null;
  }

  /** From now on these credentials hold, and no other; null switches it off. Tokens stay known where their issuers are the same. */
  take(auth: Auth | null): void {
    const { keys = [], jwt = [], certificates = [] } = auth ?? {};
    this.keys = new Map(
      keys.map(({ id, hash, expiresAt, ...grant }) => {
        return [hash, { principal: principalOf(id, grant), expiresAt: expiresAt ?? Infinity }];
      }),
    );
    this.certificates = new Map(certificates.map(({ san, ...grant }) => [san, principalOf(san, grant)]));
    if (!isDeepStrictEqual(this.issuers, jwt))
      this.tokens = new Tokens(jwt, this.now, this.onKeysMissing, this.tokens);
    this.issuers = jwt;
    this.auth = auth;
  }

  /** A certificate counts only where no header was sent: a bad key is never made good by it. */
  signIn({ authorization, sans }: Presented): Principal | Unsigned | Promise<Principal | Unsigned> {
    if (this.auth === null) return ANONYMOUS;
    const [header] = authorization;
    if (header === undefined) return this.byCertificate(sans);
    const credential = authorization.length === 1 ? bearerOf(header) : null;
    if (credential === null) return 'not_signed_in';
    return credential.startsWith(KEY_PREFIX) ? this.byKey(credential) : this.tokens.signIn(credential);
  }

  private byKey(credential: string): Principal | Unsigned {
    const key = this.keys.get(hashOf(credential));
    return key !== undefined && this.now() < key.expiresAt ? key.principal : 'not_signed_in';
  }

  private byCertificate(sans: readonly string[]): Principal | Unsigned {
    for (const san of sans) {
      const principal = this.certificates.get(san);
      if (principal !== undefined) return principal;
    }
    return 'not_signed_in';
  }
}

const principalOf = (credential: string, { tenant, ...grant }: Grant): Principal => ({
  credential,
  tenant: tenant ?? credential,
  ...grant,
});
