export { openRedis, type OpenRedis, type OpenRedisOptions } from './open-redis.js';
export { clientOptions, placeText, type RedisOptions } from './redis-options.js';
