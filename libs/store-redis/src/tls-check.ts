import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { Redis } from 'ioredis';
import { StoreUnusable } from '#store';
import {
  addressText,
  clientOptions,
  type HostPort,
  placeText,
  type RedisOptions,
  secureOf,
} from './redis-options.js';

/** Where nothing has come within so long, in ms, that shows what is spoken, it may come later. */
const PATIENCE_MS = 1_000;
/** Redis answers to PING so: by PONG, or by an error such as NOAUTH, DENIED and LOADING. */
const REPLY = /^[+-]/;

/** What is spoken at an address. */
type Spoken = 'trusted TLS' | 'the clear' | 'nothing yet' | { readonly distrust: string };

/**
 * To be asked where Redis does not answer. Refuses with `StoreUnusable` where the certificate of Redis, or of a Sentinel, is not
 * trusted, where one of them serves TLS and is used in the clear, and where one serves no TLS and is used over TLS: the client
 * tells none of that, and tries again.
 */
export async function checkTls(redis: RedisOptions): Promise<void> {
  const { place } = redis;
  const addresses =
    place.kind === 'server' ? [place.address] : [...place.sentinels, ...(await mastersKnownTo(place, redis))];
  const faults = addresses.map(async (at) => faultOf(await spokenAt(at, redis), redis, at));
  const fault = (await Promise.all(faults)).find((one) => one !== null);
  if (fault !== undefined) throw new StoreUnusable('wrong_tls', fault);
}

/** What is wrong about what is spoken; null: nothing. */
function faultOf(spoken: Spoken, redis: RedisOptions, address: HostPort): string | null {
  const isServer = redis.place.kind === 'server';
  const where = isServer ? placeText(redis) : `${placeText(redis)}, at ${addressText(address)},`;
  if (spoken === 'nothing yet') return null;
  if (spoken === 'the clear') {
    const cure = isServer ? 'redis.url: must be redis://' : 'redis.tls: must not be given';
    return `${cure}, since ${where} serves no TLS`;
  }
  if (redis.tls === null) {
    const cure = isServer ? 'redis.url: must be rediss://' : 'redis.tls: is required';
    return `${cure}, since ${where} serves TLS`;
  }
  if (spoken === 'trusted TLS') return null;
  return `redis.tls.ca: ${where} shows a certificate that is not trusted: ${spoken.distrust}`;
}

/** Where the masters are of which the Sentinels tell; none, where these do not answer. */
async function mastersKnownTo(
  { sentinels, name }: Extract<RedisOptions['place'], { readonly kind: 'sentinels' }>,
  redis: RedisOptions,
): Promise<readonly HostPort[]> {
  const { sentinelPassword: password } = redis;
  const asked = sentinels.map(async (address) => {
    const of = {
      ...redis,
      place: { kind: 'server', address },
      username: null,
      password,
      database: 0,
    } as const;
    const client = new Redis(clientOptions(of, PATIENCE_MS));
    client.on('error', () => undefined);
    try {
      await client.connect();
      const told = (await client.call('sentinel', 'get-master-addr-by-name', name)) as
        [string, string] | null;
      return told === null ? [] : [{ host: told[0], port: Number(told[1]) }];
    } catch {
      return [];
    } finally {
      client.disconnect();
    }
  });
  return (await Promise.all(asked)).flat();
}

/** What is spoken in the clear is asked for only where TLS is wanted: else Redis itself was asked so. */
async function spokenAt(address: HostPort, redis: RedisOptions): Promise<Spoken> {
  const overTls = await spokenOverTls(address, redis);
  return overTls === 'nothing yet' && redis.tls !== null ? spokenInTheClear(address) : overTls;
}

async function spokenOverTls(address: HostPort, redis: RedisOptions): Promise<Spoken> {
  try {
    const socket = connect({ ...address, ...secureOf(redis), rejectUnauthorized: false });
    return await firstOf(socket, 'secureConnect', () =>
      // It is an error or its code, whatever the types say.
      socket.authorized ? 'trusted TLS' : { distrust: String(socket.authorizationError) },
    );
  } catch (error) {
    throw new StoreUnusable('wrong_tls', `redis.tls: cannot be used: ${(error as Error).message}`);
  }
}

async function spokenInTheClear(address: HostPort): Promise<Spoken> {
  const socket = connectPlain(address, () => void socket.write('PING\r\n'));
  return await firstOf(socket, 'data', (bytes) => (REPLY.test(String(bytes)) ? 'the clear' : 'nothing yet'));
}

/** What the first event of a connection says, which is closed then. */
function firstOf(socket: Socket, event: string, read: (bytes: Buffer) => Spoken): Promise<Spoken> {
  return new Promise((resolve) => {
    const settle = (spoken: Spoken): void => {
      socket.destroy();
      resolve(spoken);
    };
    socket.setTimeout(PATIENCE_MS);
    socket.once(event, (bytes: Buffer) => settle(read(bytes)));
    for (const end of ['error', 'timeout', 'close']) socket.once(end, () => settle('nothing yet'));
  });
}
