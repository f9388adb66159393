#!/usr/bin/env node
/**
 * Starts Redis for trying Berth out by hand, on spare loopback ports, until Ctrl-C. Nothing is kept. It needs `npm run build`.
 *
 *   node tools/redis/serve.mjs               one server
 *   node tools/redis/serve.mjs --sentinels   one master, two replicas and three Sentinels
 */
import { parseArgs } from 'node:util';

const { RedisServer, SentinelGroup } = await import(
  new URL('../../dist/test/support/redis.js', import.meta.url).href
);

const { sentinels: isGroup } = parseArgs({
  options: { sentinels: { type: 'boolean', default: false } },
}).values;
const redis = isGroup ? await SentinelGroup.start({ downAfterMs: 5_000 }) : await RedisServer.start();
try {
  console.log(isGroup ? groupLine(redis) : `redis: { url: ${redis.url} }`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
} finally {
  await redis.remove();
}

function groupLine({ name, addresses }) {
  return `redis: { name: ${name}, sentinels: [${addresses.map((address) => `"${address}"`).join(', ')}] }`;
}
