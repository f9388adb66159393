export type { RedisLink } from './connection.js';
export { keysOf } from './keys.js';
export { openRedis, type OpenRedis, type OpenRedisOptions } from './open-redis.js';
export { QueueWarmups } from './queue/queue-warmups.js';
export { RedisLease } from './redis-lease.js';
export { RedisRows } from './redis-rows.js';
export { type RedisOptions } from './redis-options.js';
