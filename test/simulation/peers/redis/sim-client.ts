import type { RedisLink } from '#store-redis';
import type { RedisNode } from './redis-node.js';
import type { SimRedis } from './sim-redis.js';

/** The client of a connection, as far as libs/store-redis uses it. */
export type Client = Parameters<Parameters<RedisLink['ask']>[0]>[0];

type Read = <Value>(read: (node: RedisNode) => Value) => Promise<Value>;

/** Reads from a simulated Redis by the commands of a client. */
export function clientOf(redis: SimRedis, read: Read): Client {
  const client = {
    eval: (script: string, count: number, ...args: (string | number)[]) =>
      read((node) => node.run(script, args.slice(0, count).map(String), args.slice(count)).reply),
    info: () => read((node) => redis.replicationOf(node)),
    /** The names of the peers: there are always others. */
    scan: () => read(() => ['0', ['another peer']]),
    hget: (key: string, field: string) => read((node) => node.data.field(key, field) ?? null),
    hmget: (key: string, ...fields: string[]) =>
      read((node) => fields.map((field) => node.data.field(key, field) ?? null)),
    hkeys: (key: string) => read((node) => node.data.fields(key).map(([field]) => field)),
    hscan: (key: string) => read((node) => ['0', node.data.fields(key).flat()]),
  };
  return client as unknown as Client;
}
