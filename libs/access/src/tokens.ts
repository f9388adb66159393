import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import type { Unsigned } from './access.js';
import type { Issuer } from './auth.js';
import { IssuerKeys, type OnKeysMissing } from './issuer-keys.js';
import { type CachedToken, TokenCache } from './token-cache.js';
import { hashOf } from './keys.js';
import { PerSecond } from './per-second.js';
import type { Principal } from './principal.js';

/** `none` and the symmetric ones, which a public key would be the secret of, are not among them. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const TOLERANCE_S = 60;
const MAX_A_SECOND = 200;
/** After so long a token is verified anew. */
const KEPT_MS = 300_000;
const MAX_KEPT = 10_000;
/** Subjects become tenants and names in the audit: a subject with a character that is not seen could pass for another one. */
const SUBJECT = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;

type Answer = CachedToken['answer'];

interface Known extends Issuer {
  readonly publicKeys: IssuerKeys;
}

/** Verifies tokens (JWT), and keeps what became of them by their hash. */
export class Tokens {
  private readonly issuers: ReadonlyMap<string, Known>;
  private readonly kept = new TokenCache(MAX_KEPT);
  /** A token that comes many times at once is verified once. There are as many as are begun within a timeout. */
  private readonly verifying = new Map<string, Promise<Answer>>();
  private readonly budget = new PerSecond(MAX_A_SECOND);

  /** `now` tells the time of day in milliseconds. The public keys that the tokens `before` have stay known. */
  constructor(
    issuers: readonly Issuer[],
    private readonly now: () => number,
    onMissing: OnKeysMissing,
    before?: Tokens,
  ) {
    this.issuers = new Map(
      issuers.map((issuer) => {
        const publicKeys =
          before?.publicKeysOf(issuer) ?? new IssuerKeys(issuer.issuer, issuer.jwks, now, onMissing);
        return [issuer.issuer, { ...issuer, publicKeys }];
      }),
    );
  }

  /** Undefined where they are not those of the same URL. */
  private publicKeysOf({ issuer, jwks }: Issuer): IssuerKeys | undefined {
    const known = this.issuers.get(issuer);
    return known?.jwks === jwks ? known.publicKeys : undefined;
  }

  /** The holder of a token: at once where it was verified in the last 5 minutes. Never throws or rejects. */
  signIn(token: string): Principal | Unsigned | Promise<Principal | Unsigned> {
    const now = this.now();
    const hash = hashOf(token);
    const kept = this.kept.get(hash);
    if (kept !== undefined && now < kept.freshUntil) return kept.answer;
    const begun = this.verifying.get(hash);
    if (begun !== undefined) return begun;
    const issuer = this.issuerOf(token);
    if (issuer === undefined) return 'not_signed_in';
    if (!this.budget.take(now)) return kept !== undefined && now < kept.expiresAt ? kept.answer : 'busy';
    this.kept.delete(hash);
    const answer = this.verified(token, issuer, hash).finally(() => this.verifying.delete(hash));
    this.verifying.set(hash, answer);
    return answer;
  }

  /** Nothing of it is proven yet. */
  private issuerOf(token: string): Known | undefined {
    try {
      return this.issuers.get(decodeJwt(token).iss ?? '');
    } catch {
      return undefined;
    }
  }

  private async verified(token: string, issuer: Known, hash: string): Promise<Answer> {
    const now = this.now();
    try {
      const { payload } = await jwtVerify(token, issuer.publicKeys.find, {
        algorithms: ALGORITHMS,
        issuer: issuer.issuer,
        audience: issuer.audience,
        clockTolerance: TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
        currentDate: new Date(now),
      });
      const answer = holderOf(payload, issuer);
      this.keep(hash, answer, (payload.exp ?? 0) * 1_000);
      return answer;
    } catch {
      return 'not_signed_in';
    }
  }

  private keep(hash: string, answer: Answer, expiresAt: number): void {
    const freshUntil = Math.min(expiresAt, this.now() + KEPT_MS);
    this.kept.set(hash, { answer, freshUntil, expiresAt });
  }
}

function holderOf(payload: JWTPayload, { issuer, grants }: Issuer): Answer {
  const { sub } = payload;
  const grant = grants.find(({ claim, equals }) => payload[claim] === equals);
  if (typeof sub !== 'string' || !SUBJECT.test(sub) || grant === undefined) return 'not_signed_in';
  const credential = `${issuer}|${sub}`;
  const { role, tenant, maxClass, maxLeaseMs, mayName } = grant;
  return { credential, tenant: tenant ?? credential, role, maxClass, maxLeaseMs, mayName };
}
