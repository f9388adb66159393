import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AuthConfig, completeAuth } from './auth-schema.js';
import { disagreements, type LocatedServer } from './agreement.js';
import { completeServer, type ServerConfig } from './complete-server.js';
import { configFileSchema, dataSchema, type ConfigFile } from './config-schema.js';
import { DEFAULTS, RECORDER_DEFAULTS } from './defaults.js';
import { completeDiscovery, type DiscoveryConfig } from './discovery-schema.js';
import { applySettings } from './effective-model.js';
import { findings, refuse, type ConfigError, type Finding } from './errors.js';
import {
  hostSchema,
  insecureFindings,
  type Listening,
  listeningOf,
  portSchema,
  sameFindings,
} from './listening.js';
import { DEFAULT_SETTINGS, modelSpecSchema, type ModelSettings, type ModelSpec } from './model-spec.js';
import { openPeerFindings, type PeerConfig } from './peer-schema.js';
import type { RedisConfig } from './redis-schema.js';
import { name } from './rules.js';
import { filesNamedBy, NO_FILES, type ServerFiles } from './server-files.js';
import { fileServerSchema } from './server-spec.js';
import {
  completeShared,
  filesOfShared,
  redisVariableFindings,
  sharedFindings,
  withRedisVariable,
} from './shared-store.js';
import { type FileTexts, readSmallFiles } from './small-file.js';
import { readTritonFlag, TRITON_FLAG_RULE } from './triton-flag.js';
import {
  completeWebhooks,
  filesOfWebhooks,
  webhookFindings,
  type WebhooksConfig,
} from './webhooks-schema.js';
import { readYaml, type YamlText } from './yaml-text.js';

/** Everything the service is told at its start, complete: no code behind it knows a default. */
export type Config = Listening & {
  readonly fleet: string;
  readonly data: string;
  readonly servers: readonly ServerConfig[];
  /** The names in DNS that tell of further servers. */
  readonly discovery: readonly DiscoveryConfig[];
  readonly defaults: ModelSettings;
  /** As written. It has no prototype: any name may be looked up in it. */
  readonly models: Readonly<Record<string, ModelSpec>>;
  readonly limits: Limits;
  readonly connections: Connections;
  readonly residency: { readonly policy: 'lru'; readonly loadAhead: false };
  readonly staleRoutes: 'serve' | 'stop';
  /** Null: the embedded store, and no other Berth. */
  readonly redis: RedisConfig | null;
  readonly peer: PeerConfig;
  /** Null: nothing is recorded. */
  readonly recorder: RecorderConfig | null;
  /** Null: none are told. Beyond loopback the holder of the admin key is the only caller then, else every client is one. */
  readonly auth: AuthConfig | null;
  readonly webhooks: WebhooksConfig;
  /** Whether any client may do all, also beyond loopback. */
  readonly insecureListen: boolean;
};

/** How turns are recorded. */
type RecorderConfig = {
  /** An absolute path. */
  readonly dir: string;
  readonly maxFileMb: number;
  readonly files: number;
};

/** Bounds of the service. */
export type Limits = {
  readonly [K in keyof typeof DEFAULTS.limits]: K extends 'shedAtLagMs' ? number | null : number;
};

/** Bounds of client connections and their calls. */
export type Connections = { readonly [K in keyof typeof DEFAULTS.connections]: number };

/** What a configuration is read from: a file's text, the environment and the flags, each handed in. */
export type ConfigSources = {
  readonly file?: { readonly path: string; readonly text: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Flags;
  /** The files that servers and endpoints name. */
  readonly files?: FileTexts;
};

/** The flags that say something about the configuration. */
export type Flags = {
  readonly triton: readonly string[];
  readonly listen?: string | undefined;
  readonly http?: string | undefined;
  readonly grpc?: string | undefined;
  readonly data?: string | undefined;
  readonly insecureListen?: boolean | undefined;
};

/** The complete configuration, or everything that is wrong with it. */
export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** Reads the configuration together with the files that its servers and endpoints name. Other work has a turn before it is checked. */
export async function loadConfig(sources: Omit<ConfigSources, 'files'>): Promise<ConfigResult> {
  const yaml = yamlOf(sources);
  await nextTurn();
  const folder = folderOf(sources);
  const named = serversIn(yaml).flatMap(({ spec }) => filesNamedBy(spec, folder));
  if (yaml.ok) {
    named.push(...filesOfWebhooks(yaml.value, folder));
    named.push(...filesOfShared(yaml.value, folder));
  }
  return configOf({ ...sources, files: await readSmallFiles(named) }, yaml);
}

/** Reads the configuration. Environment overrides file, flags override both; all errors are told at once. */
export const readConfig = (sources: ConfigSources): ConfigResult => configOf(sources, yamlOf(sources));

const yamlOf = ({ file }: Pick<ConfigSources, 'file'>): YamlText => readYaml(file?.text ?? '');
const folderOf = ({ file }: Pick<ConfigSources, 'file'>): string =>
  file === undefined ? '.' : dirname(file.path);

function configOf(sources: ConfigSources, yaml: YamlText): ConfigResult {
  const file = yaml.ok ? withRedisVariable(sources.env, yaml.value) : {};
  const files = { folder: folderOf(sources), texts: sources.files ?? NO_FILES.texts };
  const flagged = flagServers(sources.flags);
  const overrides = overridesOf(sources);
  const found = [
    ...fileFindings(file),
    ...disagreements(file, flagged.servers),
    ...unreadFiles(yaml, files),
    ...webhookFindings(file, files),
    ...sharedFindings(file, files),
    ...overrides.found,
    ...flagged.found,
  ];
  if (!yaml.ok) return { ok: false, errors: [...yaml.errors, ...refuse(found).errors] };
  if (found.length > 0) return refuse(found, yaml.lineOf);
  const config = complete(configFileSchema.parse(file), overrides.said, flagged.servers, files);
  const together = [
    ...sameFindings(config),
    ...openPeerFindings(config),
    ...(config.insecureListen ? insecureFindings(config) : []),
  ];
  return together.length > 0 ? refuse(together, yaml.lineOf) : { ok: true, config };
}

/** The schema's findings, also below a name that is itself refused. */
function fileFindings(file: unknown): Finding[] {
  const found = findings(configFileSchema, file);
  const models = (file as { models?: unknown } | null)?.models;
  if (typeof models !== 'object' || models === null) return found;
  const misnamed = Object.entries(models).filter(([key]) => !name.safeParse(key).success);
  return [...found, ...misnamed.flatMap(([key, spec]) => findings(modelSpecSchema, spec, ['models', key]))];
}

/** Files that servers name and that cannot be read. */
function unreadFiles(yaml: YamlText, files: ServerFiles): Finding[] {
  return serversIn(yaml).flatMap(({ at, spec }) => {
    const { found } = completeServer(spec.id, 'file', spec, files);
    return found.map((one) => ({ ...one, at: [...at, ...one.at] }));
  });
}

/** The servers that the file lists, and where. Those with faults of their own are passed over. */
function serversIn(yaml: YamlText) {
  const servers = yaml.ok && (yaml.value as { servers?: unknown } | null)?.servers;
  if (!Array.isArray(servers)) return [];
  return servers.flatMap((written: unknown, index) => {
    const parsed = fileServerSchema.safeParse(written);
    return parsed.success ? [{ at: ['servers', index], spec: parsed.data }] : [];
  });
}

type FlaggedServers = { readonly servers: (LocatedServer & { spec: FlagSpec })[]; readonly found: Finding[] };
type FlagSpec = NonNullable<ReturnType<typeof readTritonFlag>>;

function flagServers({ triton }: Flags): FlaggedServers {
  const read = triton.map((value) => ({ at: ['--triton', value], spec: readTritonFlag(value) }));
  const found = read.flatMap(({ at, spec }) => {
    return spec === undefined ? [{ at, rule: TRITON_FLAG_RULE }] : findings(name, spec.id, at);
  });
  return { servers: read.flatMap(({ at, spec }) => (spec === undefined ? [] : [{ at, spec }])), found };
}

/** What one source says beside the file. */
type Said = Pick<Flags, 'listen' | 'http' | 'grpc' | 'data' | 'insecureListen'>;

/** What environment and flags say, the flags last. An empty variable counts as not set. */
function overridesOf({ env, flags }: ConfigSources): { said: readonly Said[]; found: Finding[] } {
  const rules = { listen: hostSchema, http: portSchema, grpc: portSchema, data: dataSchema };
  const keys = ['listen', 'http', 'grpc', 'data'] as const;
  const variable = (key: string): string => `BERTH_${key.toUpperCase()}`;
  const told = Object.fromEntries(keys.map((key) => [key, env[variable(key)] || undefined])) as Said;
  const found = keys.flatMap((key) =>
    (
      [
        [variable(key), told[key]],
        [`--${key}`, flags[key]],
      ] as const
    ).flatMap(([at, value]) => (value === undefined ? [] : findings(rules[key], value, [at]))),
  );
  return { said: [told, flags], found: [...found, ...redisVariableFindings(env)] };
}

function complete(
  file: ConfigFile,
  said: readonly Said[],
  flagged: FlaggedServers['servers'],
  files: ServerFiles,
): Config {
  const { fleet, staleRoutes } = { ...DEFAULTS, ...file };
  const data = [file, ...said].findLast((one) => one.data !== undefined)?.data ?? DEFAULTS.data;
  const listed = (file.servers ?? []).map((spec) => completeServer(spec.id, 'file', spec, files).server);
  const implied = flagged.map(({ spec }) => completeServer(spec.id, 'flag', spec, files).server);
  return {
    fleet,
    ...listeningOf([file, ...said], file.tls, files.folder),
    data,
    servers: [...listed, ...implied],
    discovery: completeDiscovery(file.discovery ?? []),
    defaults: applySettings(DEFAULT_SETTINGS, file.defaults ?? {}),
    models: Object.assign(Object.create(null) as Record<string, ModelSpec>, file.models),
    limits: { ...DEFAULTS.limits, ...file.limits },
    connections: { ...DEFAULTS.connections, ...file.connections },
    residency: { ...DEFAULTS.residency, ...file.residency },
    staleRoutes,
    ...completeShared(file, files),
    recorder: file.recorder ? recorderIn(data, file.recorder) : null,
    auth: file.auth ? completeAuth(file.auth) : null,
    webhooks: completeWebhooks(file.webhooks ?? {}, files).webhooks,
    insecureListen: said.some(({ insecureListen = false }) => insecureListen),
  };
}

function recorderIn(data: string, written: NonNullable<ConfigFile['recorder']>): RecorderConfig {
  const recorder = { ...RECORDER_DEFAULTS, ...written };
  return { ...recorder, dir: resolve(data, recorder.dir) };
}
