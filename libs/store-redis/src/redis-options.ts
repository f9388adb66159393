import type { RedisOptions as ClientOptions } from 'ioredis';

/** Where Redis is, and how it is used. */
export interface RedisOptions {
  readonly place:
    | { readonly kind: 'server'; readonly address: HostPort }
    | { readonly kind: 'sentinels'; readonly sentinels: readonly HostPort[]; readonly name: string };
  readonly username: string | null;
  readonly password: string | null;
  readonly sentinelPassword: string | null;
  readonly database: number;
  /** PEM texts. Null: in the clear. */
  readonly tls: {
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  } | null;
  readonly keyPrefix: string;
  /** How many replicas have to confirm a write, or the lease, before it counts. */
  readonly confirm: number;
}

/** The address of one server. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A connection tries again so soon, in ms. */
const RETRY_MS = 100;
const SENTINEL_RETRY_MS = 200;
const CONNECT_MS = 1_000;

/**
 * What a client of this Redis is made with. A command is answered, or rejects within `patienceMs`. Nothing is kept back for later:
 * what was sent late would be carried out after its caller has given up.
 */
export function clientOptions(
  options: RedisOptions,
  patienceMs: number,
): ClientOptions & { replyMapping: 'legacy' } {
  return {
    ...placeOf(options),
    db: options.database,
    replyMapping: 'legacy',
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    sentinelCommandTimeout: CONNECT_MS,
    commandTimeout: patienceMs,
    socketTimeout: patienceMs * 1.5,
    retryStrategy: () => RETRY_MS,
    sentinelRetryStrategy: () => SENTINEL_RETRY_MS,
  };
}

/** What TLS is spoken with, by the names of Node. */
export const secureOf = ({ tls }: RedisOptions): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(tls ?? {}).flatMap(([name, pem]) => (pem === null ? [] : [[name, pem]])));

function placeOf(options: RedisOptions): ClientOptions {
  const { place, username, password, sentinelPassword, tls } = options;
  const credentials = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
  const secure = tls && secureOf(options);
  if (place.kind === 'server')
    return { ...place.address, ...credentials, ...(secure ? { tls: secure } : {}) };
  return {
    sentinels: place.sentinels.map((sentinel) => ({ ...sentinel })),
    name: place.name,
    ...credentials,
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
    ...(secure ? { tls: secure, sentinelTLS: secure, enableTLSForSentinelMode: true } : {}),
  };
}

/** Where Redis is, for messages: without credentials. */
export function placeText({ place, database }: RedisOptions): string {
  return place.kind === 'server'
    ? `Redis at ${addressText(place.address)}, database ${database}`
    : `Redis "${place.name}" of the Sentinels ${place.sentinels.map(addressText).join(', ')}, database ${database}`;
}

/** As it is written. */
export const addressText = ({ host, port }: HostPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
