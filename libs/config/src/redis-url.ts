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
  if (!/^rediss?:\/\//i.test(text) || /\s/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, username, password, host, port, pathname, search, hash } = new URL(text);
  const address = parseAddress(port === '' ? `${host}:${DEFAULT_PORT}` : host);
  const database = /^(?:|\/|\/([0-9]{1,6}))$/.exec(pathname);
  if (address === undefined || address.port === 0 || database === null) return undefined;
  const [user, secret] = [decoded(username), decoded(password)];
  if (search !== '' || hash !== '' || user === undefined || secret === undefined) return undefined;
  if (user !== '' && secret === '') return undefined;
  return {
    address,
    username: user === '' ? null : user,
    password: secret === '' ? null : secret,
    database: Number(database[1] ?? 0),
    isTls: protocol === 'rediss:',
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
