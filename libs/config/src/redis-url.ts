import { type Address, parseAddress } from './address.js';

/** The rule a URL of Redis must follow. */
export const REDIS_URL_RULE =
  'must be redis:// or rediss:// and a host, and at most a user and a password (percent-encoded), a port and the number of a database: redis://127.0.0.1:6379/0';

/** What a URL of Redis says. */
export interface RedisUrl {
  readonly address: Address;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
  readonly isTls: boolean;
}

const DEFAULT_PORT = 6379;

/** Reads a URL of Redis; undefined where it is none. */
export function readRedisUrl(text: string): RedisUrl | undefined {
  if (!/^rediss?:\/\/[^\s?#]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const address = parseAddress(url.port === '' ? `${url.host}:${DEFAULT_PORT}` : url.host);
  const database = /^(?:|\/|\/([0-9]{1,6}))$/.exec(url.pathname);
  const credentials = credentialsIn(url);
  if (address === undefined || address.port === 0 || database === null || credentials === undefined)
    return undefined;
  return { address, ...credentials, database: Number(database[1] ?? 0), isTls: url.protocol === 'rediss:' };
}

/** Undefined where they are no percent-encoded text, or a user has no password. */
function credentialsIn(url: URL): Pick<RedisUrl, 'username' | 'password'> | undefined {
  try {
    const [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    if (password !== '') return { username: username === '' ? null : username, password };
    return username === '' ? { username: null, password: null } : undefined;
  } catch {
    return undefined;
  }
}
