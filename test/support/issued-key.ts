import { hashOf, newKey, type Role } from '#access';

/** A key that Berth knows once its line is in `auth.keys` of the configuration. */
export interface IssuedKey {
  readonly key: string;
  readonly line: object;
  /** What presents it over HTTP; over gRPC the same names and values are metadata. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Makes a new key. `more` are the other fields of its line, such as `tenant`. */
export function issueKey(id: string, role: Role, more: object = {}): IssuedKey {
  const key = newKey(id);
  const line = { id, hash: `sha256:${hashOf(key)}`, role, ...more };
  return { key, line, headers: { authorization: `Bearer ${key}` } };
}
