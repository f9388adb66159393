import type { Access, Presented, Principal, Unsigned } from '#access';

/** A caller before anything is said of it. */
const SOMEONE = { tenant: 'someone', role: 'gateway', maxClass: null } as const;

/** Signs in the callers that it was told of, by their bearer tokens and by the names in their certificates. */
export class FakeAccess implements Access {
  readonly isOn = true;
  private readonly known = new Map<string, Principal>();
  private readonly expired = new Set<string>();
  private readonly unseen = new Set<string>();
  private verifying = 0;
  private held = Promise.resolve();

  /** `most` tokens that were not seen before are verified at a time. */
  constructor(private readonly most = 200) {}

  /** Returns the headers that present this token. */
  know(token: string, principal: Partial<Principal> = {}): Record<string, string> {
    this.known.set(token, { ...SOMEONE, credential: token, ...principal });
    return { authorization: `Bearer ${token}` };
  }

  /** The same of a token that has to be verified when it is seen first, which takes a while. */
  knowUnseen(token: string, principal: Partial<Principal> = {}): Record<string, string> {
    this.unseen.add(token);
    return this.know(token, principal);
  }

  expire(token: string): void {
    this.expired.add(token);
  }

  /** No token is verified until what it returns is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.held = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** How many tokens are being verified. */
  get underWay(): number {
    return this.verifying;
  }

  signIn({ authorization, sans }: Presented): Principal | Unsigned | Promise<Principal | Unsigned> {
    if (authorization.length > 1) return 'not_signed_in';
    const [header] = authorization;
    if (header === undefined) return this.find(sans.find((san) => this.known.has(san)));
    const token = /^Bearer (.+)$/.exec(header)?.[1];
    return token !== undefined && this.unseen.has(token) ? this.verify(token) : this.find(token);
  }

  private find(token: string | undefined): Principal | Unsigned {
    if (token === undefined || this.expired.has(token)) return 'not_signed_in';
    return this.known.get(token) ?? 'not_signed_in';
  }

  private async verify(token: string): Promise<Principal | Unsigned> {
    if (this.verifying >= this.most) return 'busy';
    this.verifying += 1;
    await this.held;
    await new Promise(setImmediate);
    this.verifying -= 1;
    this.unseen.delete(token);
    return this.find(token);
  }
}
