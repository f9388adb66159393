#!/usr/bin/env node
/**
 * Starts Redis for trying Berth out by hand, on spare loopback ports, until Ctrl-C. Nothing is kept.
 *
 *   node tools/redis/serve.mjs               one server
 *   node tools/redis/serve.mjs --sentinels   one master, two replicas and three Sentinels
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sparePorts } from '../real-triton/server.mjs';
import { launchRedis, MASTER_NAME, sentinelSettings, serverSettings } from './launch.mjs';

const DOWN_AFTER_MS = 5_000;

const { sentinels: isGroup } = parseArgs({
  options: { sentinels: { type: 'boolean', default: false } },
}).values;
const folder = await mkdtemp(join(tmpdir(), 'berth-redis-'));
const [master, ...others] = await sparePorts(isGroup ? 6 : 1);
const [replicas, sentinels] = [others.slice(0, 2), others.slice(2)];
const children = [];

try {
  await start(master, serverSettings());
  for (const port of replicas) await start(port, serverSettings(master));
  for (const port of sentinels) await start(port, sentinelSettings(master, DOWN_AFTER_MS), true);
  console.log(isGroup ? groupLine() : `redis: { url: redis://127.0.0.1:${master} }`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

async function start(port, settings, isSentinel = false) {
  const own = join(folder, `${port}`);
  await mkdir(own);
  children.push(await launchRedis({ port, folder: own, settings, isSentinel }));
}

function groupLine() {
  const addresses = sentinels.map((port) => `"127.0.0.1:${port}"`);
  return `redis: { name: ${MASTER_NAME}, sentinels: [${addresses.join(', ')}] }`;
}
