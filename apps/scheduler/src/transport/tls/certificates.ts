import { Interval } from '@nestjs/schedule';
import { duplexPair } from 'node:stream';
import { connect, createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { readSmallFile, type ServedTls } from '#config';
import type { WallClock } from '../wall-times.js';
import { OwnAuthority, type Pair } from './own-authority.js';
import { ownNames } from './own-names.js';
import { OwnPair } from './own-pair.js';
import { certificatesIn, TlsUnusable } from './pem.js';

/** AEAD suites alone: those with CBC leak what they encrypt by the time they take. The first three are of TLS 1.3. */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  ...['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((suite) => [
    `ECDHE-ECDSA-${suite}`,
    `ECDHE-RSA-${suite}`,
  ]),
].join(':');

/** A connection that has not agreed on its encryption after so long is closed. */
export const HANDSHAKE_MS = 10_000;

/** What TLS is served with: all a server has to be told when it changes. */
export type Served = Readonly<SecureContextOptions> & Pair;

interface Parts {
  readonly tls: ServedTls & { readonly names: readonly string[] };
  /** Where the authority of our own is kept. */
  readonly folder: string;
  readonly fleet: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly now: WallClock;
}

/** Finds the certificate as it is now. */
type Source = () => Promise<Pair>;

/**
 * The certificate that HTTP and gRPC are served with. It is read again now and then; whatever is found that cannot be used (a
 * file that is half written, a certificate without its key), the last good one stays.
 */
export class Certificates {
  private readonly followers: ((served: Served) => void)[] = [];
  private told: string | null = null;

  private constructor(
    private readonly parts: Parts,
    private readonly source: Source,
    /** The file with the authority that clients have to trust; null where it is not our own. */
    readonly authorityFile: string | null,
    private present: Served,
  ) {}

  /** Rejects with `TlsUnusable` where there is no certificate to begin with, or its files are not as they must be. */
  static async open(parts: Parts): Promise<Certificates> {
    const { tls, folder, fleet, now } = parts;
    if (tls.pair !== null) {
      const { cert, key } = tls.pair;
      return await Certificates.of(parts, () => filedPair(cert, key), null);
    }
    const authority = await OwnAuthority.open(folder, fleet, now());
    const own = new OwnPair(authority);
    return await Certificates.of(parts, () => own.with(ownNames(tls.names), now()), authority.path);
  }

  private static async of(parts: Parts, source: Source, authorityFile: string | null): Promise<Certificates> {
    const first = await found(parts.tls, source);
    await tryOut(first);
    const certificates = new Certificates(parts, source, authorityFile, first);
    const validTo = new Date(certificates.expiresAt).toISOString();
    if (certificates.expiresAt <= parts.now()) parts.log.warn({ validTo }, 'the TLS certificate has expired');
    return certificates;
  }

  get served(): Served {
    return this.present;
  }

  /** When it expires, in milliseconds since 1970. */
  get expiresAt(): number {
    return endOf(this.present);
  }

  /** Whether it is for a host of that name. */
  isFor(name: string): boolean {
    return certificatesIn(this.present.cert, '')[0].checkHost(name) !== undefined;
  }

  /** Whether clients are asked for a certificate. They need not have one. */
  get asksClients(): boolean {
    return this.parts.tls.clientCa !== null;
  }

  /** Is told of each change from now on. */
  follow(take: (served: Served) => void): void {
    this.followers.push(take);
  }

  /** Takes up what has changed, if it can be used and, unless that of now has expired, too, has not expired. Never rejects. */
  @Interval(60_000)
  async read(): Promise<void> {
    try {
      const next = await found(this.parts.tls, this.source);
      if (!isSame(next, this.present)) await this.takeUp(next);
      this.told = null;
    } catch (error) {
      const why = (error as Error).message;
      if (why !== this.told)
        this.parts.log.warn({ why }, 'the TLS certificate cannot be renewed: the last good one stays');
      this.told = why;
    }
  }

  private async takeUp(next: Served): Promise<void> {
    const { log, now } = this.parts;
    await tryOut(next);
    const validTo = new Date(endOf(next)).toISOString();
    if (endOf(next) <= now() && this.expiresAt > now())
      throw new TlsUnusable(`tls.cert must not have expired (${validTo})`);
    this.present = next;
    for (const take of this.followers) take(next);
    log.info({ validTo }, 'another TLS certificate is served from now on');
  }
}

async function found({ clientCa }: ServedTls, source: Source): Promise<Served> {
  const ca = clientCa === null ? null : await textOf(clientCa, 'tls.clientCa');
  if (ca !== null) certificatesIn(ca, 'tls.clientCa');
  return { ...(await source()), ...(ca !== null && { ca }), ciphers: CIPHERS, minVersion: 'TLSv1.2' };
}

async function filedPair(certPath: string, keyPath: string): Promise<Pair> {
  const [cert, key] = await Promise.all([textOf(certPath, 'tls.cert'), textOf(keyPath, 'tls.key')]);
  certificatesIn(cert, 'tls.cert');
  return { cert, key };
}

/**
 * A handshake in memory: OpenSSL takes an empty key, say, and fails only then. What it says of a pair names neither of them, so
 * we do. It repeats no part of a file.
 */
async function tryOut(served: Served): Promise<void> {
  const [near, far] = duplexPair();
  try {
    const server = new TLSSocket(near, { isServer: true, secureContext: createSecureContext(served) });
    const client = connect({ socket: far, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      client.on('error', reject).once('secureConnect', resolve);
    }).finally(() => [client, server].map((socket) => socket.destroy()));
  } catch (error) {
    const why = (error as Error).message;
    throw new TlsUnusable(`tls.key must be the key of tls.cert, in PEM form without a passphrase (${why})`);
  }
}

async function textOf(path: string, what: string): Promise<string> {
  const read = await readSmallFile(path);
  if ('text' in read) return read.text;
  throw new TlsUnusable(`${what} ${read.rule}`);
}

const endOf = ({ cert }: Served): number => Date.parse(certificatesIn(cert, '')[0].validTo);

const isSame = (one: Served, other: Served): boolean =>
  one.cert === other.cert && one.key === other.key && one.ca === other.ca;
