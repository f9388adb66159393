export { openRedis, type OpenRedis, type OpenRedisOptions } from './open-redis.js';
export { QueueWarmups, type QueueWarmupOptions } from './queue/queue-warmups.js';
export { clientOptions, placeText, type RedisOptions } from './redis-options.js';
