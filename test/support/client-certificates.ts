import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** An authority that signs certificates of clients. */
export interface ClientAuthority {
  /** Its certificate, as PEM. */
  readonly ca: string;
  /** A certificate with these names and its key, as PEM. */
  sign(...names: JsonGeneralName[]): Promise<{ readonly cert: string; readonly key: string }>;
}

/** Makes an authority of that name. */
export async function clientAuthority(name: string): Promise<ClientAuthority> {
  cryptoProvider.set(webcrypto);
  const keys = await newKeys();
  const period = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const self = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, signingAlgorithm: P256, ...period },
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  return {
    ca: self.toString('pem'),
    sign: async (...names) => {
      const own = await newKeys();
      const certificate = await X509CertificateGenerator.create({
        ...{ subject: 'CN=client', issuer: self.subject, signingAlgorithm: P256, ...period },
        ...{ publicKey: own.publicKey, signingKey: keys.privateKey },
        extensions: [
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
          new SubjectAlternativeNameExtension(names),
        ],
      });
      const der = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return { cert: certificate.toString('pem'), key: PemConverter.encode(der, 'PRIVATE KEY') };
    },
  };
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
