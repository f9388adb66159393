import { hash, randomBytes } from 'node:crypto';

/** What every key begins with. No token (JWT) does. */
export const KEY_PREFIX = 'berth_';

const SECRET_BYTES = 32;

/** A new key: `berth_`, its id, `_` and 32 random bytes as 43 characters of base64url. The id is a name. */
export function newKey(id: string, secret: Buffer = randomBytes(SECRET_BYTES)): string {
  return `${KEY_PREFIX}${id}_${secret.toString('base64url')}`;
}

/** The SHA-256 of a credential, as 64 lower-case hexadecimal digits: what is kept and compared in its place. */
export const hashOf = (credential: string): string => hash('sha256', credential);
