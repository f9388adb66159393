import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

type Algorithm = 'RS256' | 'ES256' | 'EdDSA' | 'PS256';

/** How an issuer answers: as it should, not at all, or in another way. */
type Manner = (response: ServerResponse, keys: string) => void;

const ORDINARY: Manner = (response, keys) => response.end(keys);

/** An issuer of tokens on this machine: it has a key pair of each algorithm, and counts how often its public keys are fetched. */
export class TokenIssuer {
  readonly audience = 'berth';
  /** How often the public keys were asked for. */
  fetches = 0;
  private manner = ORDINARY;
  private readonly pairs = new Map<string, { readonly alg: Algorithm; readonly privateKey: CryptoKey }>();
  private readonly published: JWK[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (_, response) => {
      this.fetches += 1;
      this.manner(response, JSON.stringify({ keys: this.published }));
    });
  }

  static async start(): Promise<TokenIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TokenIssuer(server);
  }

  /** The claim `iss` of its tokens. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Where its public keys are. */
  get jwks(): string {
    return `${this.url}/keys`;
  }

  /** Has one more key pair. Where it is not published, tokens signed with it have an unknown `kid`. */
  async addKey(kid: string, alg: Algorithm, isPublished = true): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.pairs.set(kid, { alg, privateKey });
    if (isPublished) this.published.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
  }

  /** A token with these claims, signed with that key. Claims that are undefined are left out. */
  async token(kid: string, claims: JWTPayload): Promise<string> {
    const pair = this.pairs.get(kid);
    if (pair === undefined) throw new Error(`there is no key ${kid}`);
    const whole = { iss: this.url, aud: this.audience, sub: 'ci', ...claims };
    return new SignJWT(whole).setProtectedHeader({ alg: pair.alg, kid }).sign(pair.privateKey);
  }

  /** From now on it answers so; without a manner as it should. */
  answer(manner: Manner = ORDINARY): void {
    this.manner = manner;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
