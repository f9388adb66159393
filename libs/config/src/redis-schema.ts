import { z } from 'zod';
import { type Address, ADDRESS_PATTERN, ADDRESS_RULE, parseAddress } from './address.js';
import { completeTls, type TlsConfig } from './complete-server.js';
import { REDIS_DEFAULTS } from './defaults.js';
import { findings, type Finding } from './errors.js';
import type { NamedFiles } from './named-files.js';
import { readRedisUrl, REDIS_URL_RULE } from './redis-url.js';
import { choice, listOf, name, notBeside, text, whereTyped, whole } from './rules.js';
import { serverTlsSchema } from './server-spec.js';

const MAX_SENTINELS = 16;
const SECRET_RULE =
  'must name a file with one line: 1 to 1024 characters, the first and the last of them no blanks';

/** Where Redis is, by a URL. */
const redisUrlSchema = text.refine((value) => readRedisUrl(value) !== undefined, {
  error: REDIS_URL_RULE,
});

/** The keys of the section `redis`, each right by itself. */
export const redisKeys = z.strictObject({
  url: redisUrlSchema.exactOptional().describe('The one server, where there are no Sentinels.'),
  sentinels: listOf(
    z
      .string()
      .refine((value) => (parseAddress(value)?.port ?? 0) > 0, { error: ADDRESS_RULE })
      .meta({ pattern: ADDRESS_PATTERN }),
    MAX_SENTINELS,
  )
    .min(1, { error: 'must have at least 1 entry' })
    .exactOptional()
    .describe('The Sentinels that know the master.'),
  name: text.exactOptional().describe('The name by which the Sentinels know the master.'),
  username: text.exactOptional().describe('The user of Redis; beside a password only.'),
  passwordFile: text.exactOptional().describe('A file with the password of Redis.'),
  sentinelPasswordFile: text.exactOptional().describe('A file with the password of the Sentinels.'),
  database: whole(0, 1_000_000)
    .exactOptional()
    .describe('The number of the database; beside sentinels only.'),
  tls: serverTlsSchema
    .exactOptional()
    .describe('Set, also as {}: Redis and the Sentinels are called over TLS.'),
  keyPrefix: name.exactOptional().describe('All keys in Redis begin with it and a colon.'),
  confirm: whole(0, 8)
    .exactOptional()
    .describe('How many replicas of Redis have to have a write, or the lease, before it counts.'),
  profile: choice(['default', 'fast'])
    .exactOptional()
    .describe('How soon another Berth leads after a crash.'),
});

type RedisFile = z.infer<typeof redisKeys>;

const SENTINELS_RULE = 'must go with sentinels, and not with url';

/** The section `redis`: the store that several Berths share. */
export const redisSchema = redisKeys
  .refine(({ url, sentinels }) => url !== undefined || sentinels !== undefined, {
    error: 'must have a url or sentinels',
    when: whereTyped(),
  })
  .check(notBeside('sentinels', 'url'))
  .check(...['name', 'sentinelPasswordFile', 'database'].map((key) => notBeside(key, 'url', SENTINELS_RULE)))
  .refine(
    ({ url, sentinels, name: master }) =>
      url !== undefined || sentinels === undefined || master !== undefined,
    {
      path: ['name'],
      error: 'is required beside sentinels',
      when: whereTyped(),
    },
  )
  .refine(({ url = '', tls }) => tls === undefined || readRedisUrl(url)?.isTls !== false, {
    path: ['tls'],
    error: 'must not be given beside a redis:// url: rediss:// is TLS',
    when: whereTyped('url'),
  })
  .refine(({ url = '', passwordFile }) => passwordFile === undefined || !readRedisUrl(url)?.password, {
    path: ['passwordFile'],
    error: 'must not be given: the url has a password',
    when: whereTyped('url'),
  })
  .refine(({ username, passwordFile }) => username === undefined || passwordFile !== undefined, {
    path: ['username'],
    error: 'must go with passwordFile',
    when: whereTyped(),
  });

/** Where the store is that several Berths share, and how they use it. */
export type RedisConfig = {
  readonly place:
    | { readonly kind: 'server'; readonly address: Address }
    | { readonly kind: 'sentinels'; readonly sentinels: readonly Address[]; readonly name: string };
  readonly username: string | null;
  readonly password: string | null;
  readonly sentinelPassword: string | null;
  readonly database: number;
  readonly tls: TlsConfig | null;
  readonly keyPrefix: string;
  readonly confirm: number;
  readonly profile: 'default' | 'fast';
};

/** The section with what was left out, and with the files that it names. */
export function completeRedis(written: RedisFile, files: NamedFiles): RedisConfig {
  const { keyPrefix, profile } = { ...REDIS_DEFAULTS, ...written };
  const place = placeOf(written);
  const secretIn = (key: 'passwordFile' | 'sentinelPasswordFile') =>
    files.read(written[key], ['redis', key], (content) => secretLine(content, 1), SECRET_RULE) ?? null;
  return {
    ...place,
    password: secretIn('passwordFile') ?? place.password,
    sentinelPassword: secretIn('sentinelPasswordFile'),
    tls: completeTls(written.tls, files, ['redis']) ?? place.tls,
    keyPrefix,
    confirm: written.confirm ?? (place.place.kind === 'sentinels' ? 1 : 0),
    profile,
  };
}

/** What the URL says, or the keys beside the Sentinels. */
function placeOf({
  url,
  sentinels = [],
  name: master = '',
  username: user,
  database = 0,
}: RedisFile): Pick<RedisConfig, 'place' | 'username' | 'password' | 'database' | 'tls'> {
  const said = url === undefined ? undefined : readRedisUrl(url);
  const username = user ?? said?.username ?? null;
  if (said === undefined) {
    const place = {
      kind: 'sentinels',
      sentinels: sentinels.map((one) => parseAddress(one)!),
      name: master,
    } as const;
    return { place, username, password: null, database, tls: null };
  }
  return {
    place: { kind: 'server', address: said.address },
    username,
    password: said.password,
    database: said.database,
    tls: said.isTls ? { ca: null, cert: null, key: null } : null,
  };
}

/** The one line of a file; undefined where it has more, or is too short or too long. */
export function secretLine(content: string, least: number): string | undefined {
  const line = content.replace(/\r?\n$/, '');
  const isOne = line.length >= least && line.length <= 1_024 && !/[\r\n]/.test(line) && line.trim() === line;
  return isOne ? line : undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = 'BERTH_REDIS_URL';

/** What is wrong with the variable that says where Redis is. An empty one counts as not set. */
export const redisVariableFindings = (env: Env): Finding[] =>
  env[VARIABLE] ? findings(redisUrlSchema, env[VARIABLE], [VARIABLE]) : [];

/** The document with the URL of the environment, which overrides the place that the document names. */
export function withRedisVariable(env: Env, file: unknown): unknown {
  const url = env[VARIABLE];
  if (!url || readRedisUrl(url) === undefined || typeof file !== 'object') return file;
  const section = (file as { readonly redis?: unknown }).redis ?? {};
  if (typeof section !== 'object') return file;
  const { sentinels: _, name: __, sentinelPasswordFile: ___, database: ____, ...rest } = section as RedisFile;
  return { ...file, redis: { ...rest, url } };
}
