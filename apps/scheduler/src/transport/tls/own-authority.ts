import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, type X509Certificate as Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { readSmallFile } from '#config';
import { closeToOthers, keepFile } from './kept-file.js';
import { certificatesIn, TlsUnusable } from './pem.js';

/** A certificate and its key, as PEM texts. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
const SERVER_DAYS = 365;
/** Clocks of clients may be behind by so much. */
const EARLIER_MS = 3_600_000;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

cryptoProvider.set(webcrypto);

/**
 * An authority of this Berth's own, which lasts ten years. A client that trusts its certificate trusts every server certificate that
 * it signs, so these change without clients being told.
 */
export class OwnAuthority {
  private constructor(
    private readonly certificate: X509Certificate,
    private readonly key: webcrypto.CryptoKey,
    /** The file of its certificate, for clients. */
    readonly path: string,
  ) {}

  /**
   * Takes `ca.crt` and `ca.key` of a folder, or makes both where there is neither. `now` is in milliseconds since 1970.
   * Rejects with `TlsUnusable` where they do not belong together or have expired, or with the error of the system.
   */
  static async open(folder: string, fleet: string, now: number): Promise<OwnAuthority> {
    const [path, keyPath] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
    const [cert, key] = await Promise.all([textIn(path), textIn(keyPath)]);
    if (cert !== null && key !== null) {
      await closeToOthers(keyPath);
      return new OwnAuthority(...(await read(path, { cert, key }, now)), path);
    }
    if (cert !== null || key !== null)
      throw new TlsUnusable(`${path} and ca.key must be there both, or neither: ${REMEDY}`);
    const made = await make(fleet, now);
    await keepFile(keyPath, await pemOf(made.key), 0o600);
    await keepFile(path, `${made.certificate.toString('pem')}\n`, 0o644);
    return new OwnAuthority(made.certificate, made.key, path);
  }

  /** When it ends, in milliseconds since 1970. */
  get until(): number {
    return this.certificate.notAfter.getTime();
  }

  /** A server certificate for a year, with a key of its own that is on no disk. Names are host names and IP addresses. */
  async sign(names: readonly string[], now: number): Promise<Pair> {
    const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const certificate = await X509CertificateGenerator.create({
      ...{ serialNumber: serial(), subject: [{ CN: ['Berth'] }], issuer: this.certificate.subjectName },
      notBefore: new Date(now - EARLIER_MS),
      notAfter: new Date(Math.min(now + SERVER_DAYS * DAY_MS, this.until)),
      ...{ signingAlgorithm: P256, publicKey: keys.publicKey, signingKey: this.key },
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map(nameOf)),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        await AuthorityKeyIdentifierExtension.create(this.certificate.publicKey),
      ],
    });
    return { cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
  }
}

const REMEDY =
  'put the missing one back, or delete both to have others made, which clients have to trust anew';

async function make(fleet: string, now: number) {
  const keys = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    // Two authorities of one name would be taken for one by clients that trust both.
    name: [{ CN: [`Berth ${fleet.slice(0, 40)} ${randomBytes(4).toString('hex')}`] }],
    notBefore: new Date(now - EARLIER_MS),
    notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
    ...{ signingAlgorithm: P256, keys },
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

async function read(
  path: string,
  { cert, key }: Pair,
  now: number,
): Promise<[X509Certificate, webcrypto.CryptoKey]> {
  const [certificate] = certificatesIn(cert, path);
  if (Date.parse(certificate.validTo) <= now)
    throw new TlsUnusable(`${path} must not have expired (${certificate.validTo}): ${REMEDY}`);
  const der = pkcs8Of(key, certificate);
  if (der === null) throw new TlsUnusable(`${path} and ca.key must belong together: ${REMEDY}`);
  const imported = await webcrypto.subtle.importKey('pkcs8', der, P256, true, ['sign']);
  return [new X509Certificate(cert), imported];
}

/** The key in the form that is imported; null where it is none, or that of another certificate. */
function pkcs8Of(pem: string, certificate: Certificate): Buffer | null {
  try {
    const key = createPrivateKey(pem);
    return certificate.checkPrivateKey(key) ? key.export({ type: 'pkcs8', format: 'der' }) : null;
  } catch {
    return null;
  }
}

/** What a file holds; null where there is none. */
async function textIn(path: string): Promise<string | null> {
  const read = await readSmallFile(path);
  if ('text' in read) return read.text;
  if (read.isMissing) return null;
  throw new TlsUnusable(read.rule);
}

const nameOf = (value: string): JsonGeneralName =>
  isIP(value) === 0 ? { type: 'dns', value } : { type: 'ip', value };

/** Positive, and not to be guessed. */
const serial = (): string => `01${randomBytes(15).toString('hex')}`;

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY') + '\n';
