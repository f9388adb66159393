import { z } from 'zod';
import { type Address, ADDRESS_PATTERN, ADDRESS_RULE, parseAddress } from './address.js';
import { get } from './as-written.js';
import { reachOf, type TlsConfig } from './complete-server.js';
import { REDIS_DEFAULTS } from './defaults.js';
import type { Finding } from './errors.js';
import { readRedisUrl, REDIS_URL_RULE } from './redis-url.js';
import { choice, name, text, whole } from './rules.js';
import { contentOf, NO_FILES, resolved, type ServerFiles } from './server-files.js';
import { serverTlsSchema } from './server-spec.js';

const MAX_SENTINELS = 16;
const SECRET_RULE =
  'must name a file with one line: 1 to 1024 characters, the first and the last of them no blanks';

/** Where Redis is, by a URL. */
export const redisUrlSchema = text.refine((value) => readRedisUrl(value) !== undefined, {
  error: REDIS_URL_RULE,
});

/** The section `redis`: the store that several Berths share. */
export const redisSchema = z.strictObject({
  url: redisUrlSchema.exactOptional().describe('The one server, where there are no Sentinels.'),
  sentinels: z
    .array(
      z
        .string()
        .refine((value) => (parseAddress(value)?.port ?? 0) > 0, { error: ADDRESS_RULE })
        .meta({ pattern: ADDRESS_PATTERN }),
    )
    .min(1, { error: 'must have at least 1 entry' })
    .max(MAX_SENTINELS, { error: `must have at most ${MAX_SENTINELS} entries` })
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

export type RedisFile = z.infer<typeof redisSchema>;

/** The section with what was left out and the files that it names; or why these cannot be used. */
export function completeRedis(
  written: RedisFile,
  files: ServerFiles = NO_FILES,
): { readonly redis: RedisConfig; readonly found: readonly Finding[] } {
  const found: Finding[] = [];
  const { keyPrefix, profile } = { ...REDIS_DEFAULTS, ...written };
  const place = placeOf(written);
  const redis: RedisConfig = {
    ...place,
    password: secretIn(written, 'passwordFile', files, found) ?? place.password,
    sentinelPassword: secretIn(written, 'sentinelPasswordFile', files, found),
    tls: reachOf(written, files, found).tls ?? place.tls,
    keyPrefix,
    confirm: written.confirm ?? (place.place.kind === 'sentinels' ? 1 : 0),
    profile,
  };
  return { redis, found: found.map((one) => ({ ...one, at: ['redis', ...one.at] })) };
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

/** What the keys of the section must agree on. */
export function redisFindings(section: unknown): Finding[] {
  if (section === undefined) return [];
  const has = (key: string): boolean => get(section, key) !== undefined;
  const rules = has('url') ? besideUrl(section) : has('sentinels') ? BESIDE_SENTINELS : [];
  if (!has('url') && !has('sentinels')) return [{ at: ['redis'], rule: 'must have a url or sentinels' }];
  const password = has('username') && !has('passwordFile');
  return [
    ...rules.flatMap(({ key, rule, isNeeded = false }) =>
      has(key) === isNeeded ? [] : [{ at: ['redis', key], rule }],
    ),
    ...(password ? [{ at: ['redis', 'username'], rule: 'must go with passwordFile' }] : []),
  ];
}

/** A key that must not be there; or where it is needed, must. */
type KeyRule = { readonly key: string; readonly rule: string; readonly isNeeded?: true };

const BESIDE_SENTINELS: readonly KeyRule[] = [
  { key: 'name', rule: 'is required beside sentinels', isNeeded: true },
];

function besideUrl(section: unknown): readonly KeyRule[] {
  const url = readRedisUrl(String(get(section, 'url')));
  const ofSentinels = ['name', 'sentinelPasswordFile', 'database'];
  return [
    { key: 'sentinels', rule: 'must not be given beside url' },
    ...ofSentinels.map((key) => ({ key, rule: 'must go with sentinels, and not with url' })),
    ...(url?.isTls === false
      ? [{ key: 'tls', rule: 'must not be given beside a redis:// url: rediss:// is TLS' }]
      : []),
    ...(typeof url?.password === 'string'
      ? [{ key: 'passwordFile', rule: 'must not be given: the url has a password' }]
      : []),
  ];
}

/** The absolute paths of the files that the section names. */
export function filesOfRedis(section: unknown, folder: string): string[] {
  const tls = get(section, 'tls');
  const names = [
    ...['passwordFile', 'sentinelPasswordFile'].map((key) => get(section, key)),
    ...['ca', 'cert', 'key'].map((key) => get(tls, key)),
  ];
  return names.flatMap((one) => (typeof one === 'string' && one !== '' ? [resolved(one, folder)] : []));
}

function secretIn(
  written: RedisFile,
  key: 'passwordFile' | 'sentinelPasswordFile',
  files: ServerFiles,
  found: Finding[],
): string | null {
  const path = written[key];
  const content = path === undefined ? undefined : contentOf(path, files, [key], found);
  const secret = content === undefined ? undefined : secretLine(content, 1);
  if (content !== undefined && secret === undefined) found.push({ at: [key], rule: SECRET_RULE });
  return secret ?? null;
}

/** The one line of a file; undefined where it has more, or is too short or too long. */
export function secretLine(content: string, least: number): string | undefined {
  const line = content.replace(/\r?\n$/, '');
  const isOne = line.length >= least && line.length <= 1_024 && !/[\r\n]/.test(line) && line.trim() === line;
  return isOne ? line : undefined;
}
