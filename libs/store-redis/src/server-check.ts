import type { Redis } from 'ioredis';
import { StoreUnusable } from '#store';
import { type Keys, LAYOUT } from './keys.js';
import { type RedisOptions, placeText } from './redis-options.js';

/** What INFO says, by its names. */
type Info = ReadonlyMap<string, string>;

/**
 * Whether a Redis that answers can be used. Refuses with `StoreUnusable`; hands back what should be changed about it, for the
 * operator.
 */
export async function checkServer(
  client: Redis,
  options: RedisOptions,
  { keys, fleet }: { readonly keys: Keys; readonly fleet: string },
): Promise<readonly string[]> {
  const place = placeText(options);
  await checkDatabase(client, options, place);
  const info = infoOf(await client.info());
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction')
    throw new StoreUnusable(
      'evicting',
      `redis: ${place} evicts keys (${policy}): set maxmemory-policy to noeviction`,
    );
  await checkOwner(client, keys, fleet, place);
  return [...persistenceAdvice(info), ...replicaAdvice(info, options)].map((advice) => `${place}: ${advice}`);
}

/** The client goes on in database 0 where there is no such database. */
async function checkDatabase(client: Redis, { database }: RedisOptions, place: string): Promise<void> {
  try {
    await client.select(database);
  } catch (error) {
    if (!(error as Error).message.includes('out of range')) throw error;
    throw new StoreUnusable('no_database', `redis.url: ${place}: there is no database ${database}`);
  }
}

async function checkOwner(client: Redis, keys: Keys, fleet: string, place: string): Promise<void> {
  const [owner, layout] = await client.hmget(keys.meta, 'fleet', 'layout');
  if (typeof layout === 'string' && layout !== LAYOUT)
    throw new StoreUnusable(
      'other_version',
      `redis: ${place} has layout ${layout}; this version of Berth reads layout ${LAYOUT}`,
    );
  if (typeof owner === 'string' && owner !== fleet)
    throw new StoreUnusable(
      'other_fleet',
      `fleet: ${place} belongs to the installation "${owner}", not to "${fleet}": give another redis.keyPrefix`,
    );
}

function persistenceAdvice(info: Info): string[] {
  return info.get('aof_enabled') === '1'
    ? []
    : ['appendonly is off: a restart of Redis loses what was declared'];
}

function replicaAdvice(info: Info, { place, confirm }: RedisOptions): string[] {
  const replicas = Number(info.get('connected_slaves') ?? 0);
  const isAlone = place.kind === 'server' && replicas === 0 && confirm === 0;
  if (isAlone) return [];
  const advice: string[] = [];
  if (!info.has('min_slaves_good_slaves'))
    advice.push('min-replicas-to-write is 0: a master that was cut off takes writes that are lost later');
  if (replicas < confirm)
    advice.push(
      `${replicas} replicas are connected and ${confirm} have to confirm: no Berth leads until then`,
    );
  else if (replicas < confirm + 1)
    advice.push(`${replicas} replicas are connected: after the loss of one server nothing is confirmed`);
  if (2 * confirm < replicas)
    advice.push(`${confirm} of ${replicas} replicas confirm: raise redis.confirm, or a minority can lead`);
  return advice;
}

function infoOf(text: string): Info {
  const pairs = text.split(/\r?\n/).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1)];
  });
  return new Map(pairs);
}
