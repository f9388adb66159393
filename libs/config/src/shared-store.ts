import { get } from './as-written.js';
import { findings, type Finding } from './errors.js';
import { completePeer, filesOfPeer, type PeerConfig, type PeerFile, peerSchema } from './peer-schema.js';
import {
  completeRedis,
  filesOfRedis,
  type RedisConfig,
  type RedisFile,
  redisSchema,
  redisUrlSchema,
} from './redis-schema.js';
import { readRedisUrl } from './redis-url.js';
import type { ServerFiles } from './server-files.js';

type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = 'BERTH_REDIS_URL';

/** What is wrong with the variable that says where Redis is. An empty one counts as not set. */
export const redisVariableFindings = (env: Env): Finding[] =>
  env[VARIABLE] ? findings(redisUrlSchema, env[VARIABLE], [VARIABLE]) : [];

/** The document with the URL of the environment, which overrides the place that the document names. */
export function withRedisVariable(env: Env, file: unknown): unknown {
  const url = env[VARIABLE];
  if (!url || readRedisUrl(url) === undefined) return file;
  const section = get(file, 'redis') ?? {};
  if (typeof file !== 'object' || typeof section !== 'object') return file;
  const { sentinels: _, name: __, sentinelPasswordFile: ___, database: ____, ...rest } = section as RedisFile;
  return { ...file, redis: { ...rest, url } };
}

/** The sections about several Berths with what was left out, and with the files that they name. */
export const completeShared = (
  { redis, peer = {} }: { readonly redis?: RedisFile; readonly peer?: PeerFile },
  files: ServerFiles,
): { readonly redis: RedisConfig | null; readonly peer: PeerConfig } => ({
  redis: redis === undefined ? null : completeRedis(redis, files).redis,
  peer: completePeer(peer, files).peer,
});

/** Why the files of the sections about several Berths cannot be used. A section with faults of its own says nothing. */
export function sharedFindings(file: unknown, files: ServerFiles): readonly Finding[] {
  const redis = redisSchema.safeParse(get(file, 'redis'));
  const peer = peerSchema.safeParse(get(file, 'peer'));
  return [
    ...(redis.success ? completeRedis(redis.data, files).found : []),
    ...(peer.success ? completePeer(peer.data, files).found : []),
  ];
}

/** The absolute paths of the files that these sections name. */
export const filesOfShared = (file: unknown, folder: string): string[] => [
  ...filesOfRedis(get(file, 'redis'), folder),
  ...filesOfPeer(get(file, 'peer'), folder),
];
