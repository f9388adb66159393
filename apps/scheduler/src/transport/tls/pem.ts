import { X509Certificate } from 'node:crypto';

/** A file of TLS that cannot be used. The message names its key in the configuration, or its path, and the rule. */
export class TlsUnusable extends Error {
  override readonly name = 'TlsUnusable';
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const BEGIN = /-----BEGIN /g;

/**
 * The certificates of a PEM text, all of them whole. Node takes what it can read of a text that was cut off; here that is
 * refused, with `TlsUnusable`. `what` begins the message.
 */
export function certificatesIn(text: string, what: string): readonly [X509Certificate, ...X509Certificate[]] {
  const pems = text.match(CERTIFICATE) ?? [];
  const begun = text.match(BEGIN) ?? [];
  const [first, ...others] = pems.length === begun.length ? pems.map((pem) => parsed(pem)) : [];
  if (first === undefined || others.includes(undefined))
    throw new TlsUnusable(`${what} must hold whole certificates in PEM form, and nothing else`);
  return [first, ...(others as X509Certificate[])];
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
