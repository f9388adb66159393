import { connect } from 'node:tls';
import { StoreUnusable } from '#kept';
import { placeText, type RedisOptions, secureOf } from './redis-options.js';

/** What does not agree on its encryption within so long, in ms, is taken for a server without TLS. */
const HANDSHAKE_MS = 1_000;

/**
 * To be asked where Redis does not answer. Refuses with `StoreUnusable` where its certificate, or that of a Sentinel, is not
 * trusted, and where it serves TLS and is used in the clear: the client tells neither.
 */
export async function checkTls(redis: RedisOptions): Promise<void> {
  const { place, tls } = redis;
  const addresses = place.kind === 'server' ? [place.address] : place.sentinels;
  const distrusts = await Promise.all(addresses.map((address) => distrustOf(address, secureOf(redis)))).catch(
    (error: unknown) => {
      throw new StoreUnusable('wrong_tls', `redis.tls: cannot be used: ${(error as Error).message}`);
    },
  );
  const served = distrusts.filter((distrust) => distrust !== undefined);
  if (tls === null && served.length > 0) {
    const cure = place.kind === 'server' ? 'redis.url: must be rediss://' : 'redis.tls: is required';
    throw new StoreUnusable('wrong_tls', `${cure}, since ${placeText(redis)} serves TLS`);
  }
  const distrust = served.find((one) => one !== null);
  if (tls !== null && distrust)
    throw new StoreUnusable(
      'wrong_tls',
      `redis.tls.ca: ${placeText(redis)} shows a certificate that is not trusted: ${distrust}`,
    );
}

/** Why a certificate is not trusted; null: it is; undefined: none is shown. */
function distrustOf(
  address: { host: string; port: number },
  secure: object,
): Promise<string | null | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...address, ...secure, rejectUnauthorized: false, timeout: HANDSHAKE_MS });
    const settle = (distrust: string | null | undefined): void => {
      socket.destroy();
      resolve(distrust);
    };
    // It is an error or its code, whatever the types say.
    socket.once('secureConnect', () => settle(socket.authorized ? null : String(socket.authorizationError)));
    for (const end of ['error', 'timeout', 'close'] as const) socket.once(end, () => settle(undefined));
  });
}
