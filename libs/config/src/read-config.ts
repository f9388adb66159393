import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { disagreements } from './agreement.js';
import { completeAlertRules } from './alert-rules-schema.js';
import { type AuthConfig, completeAuth } from './auth-schema.js';
import { completeParts, type Parts } from './complete-parts.js';
import { completeServer, type ServerConfig } from './complete-server.js';
import { configFileSchema, dataSchema, type ConfigFile } from './config-schema.js';
import { DEFAULTS, RECORDER_DEFAULTS } from './defaults.js';
import { completeDiscovery, type DiscoveryConfig } from './discovery-schema.js';
import { applySettings } from './effective-model.js';
import { findings, refuse, type ConfigError, type Finding, type Path } from './errors.js';
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
import { type RedisConfig, redisVariableFindings, withRedisVariable } from './redis-schema.js';
import { NamedFiles } from './named-files.js';
import { name } from './rules.js';
import { type FileTexts, readSmallFiles } from './small-file.js';
import { type FlagServer, readTritonFlag, TRITON_FLAG_RULE } from './triton-flag.js';
import type { WebhooksConfig } from './webhooks-schema.js';
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
  /** Null: no callers are declared. Then every client on loopback is one, and beyond it the holder of the admin key alone. */
  readonly auth: AuthConfig | null;
  readonly webhooks: WebhooksConfig;
  /** The class of each objective. It has no prototype: any name may be looked up in it. */
  readonly objectives: Readonly<Record<string, 'critical' | 'default' | 'sheddable'>>;
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
  const named = new NamedFiles(folderOf(sources));
  if (yaml.ok) completeParts(yaml.value, named);
  return configOf({ ...sources, files: await readSmallFiles(named.paths) }, yaml);
}

/** Reads the configuration. Environment overrides file, flags override both; all errors are told at once. */
export const readConfig = (sources: ConfigSources): ConfigResult => configOf(sources, yamlOf(sources));

const yamlOf = ({ file }: Pick<ConfigSources, 'file'>): YamlText => readYaml(file?.text ?? '');
const folderOf = ({ file }: Pick<ConfigSources, 'file'>): string =>
  file === undefined ? '.' : dirname(file.path);

function configOf(sources: ConfigSources, yaml: YamlText): ConfigResult {
  const file = yaml.ok ? withRedisVariable(sources.env, yaml.value) : {};
  const folder = folderOf(sources);
  const files = new NamedFiles(folder, sources.files);
  const parts = completeParts(file, files);
  const flagged = flagServers(sources.flags);
  const overrides = overridesOf(sources);
  const found = [
    ...fileFindings(file),
    ...disagreements(file, flagged.servers),
    ...files.found,
    ...overrides.found,
    ...flagged.found,
  ];
  if (!yaml.ok) return { ok: false, errors: [...yaml.errors, ...refuse(found).errors] };
  if (found.length > 0) return refuse(found, yaml.lineOf);
  const config = complete(configFileSchema.parse(file), parts, overrides.said, flagged.servers, folder);
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

type FlaggedServers = {
  readonly servers: readonly { readonly at: Path; readonly spec: FlagServer }[];
  readonly found: readonly Finding[];
};

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
  { servers, redis, peer, fleet: fleetWebhook, endpoints }: Parts,
  said: readonly Said[],
  flagged: FlaggedServers['servers'],
  folder: string,
): Config {
  const { fleet, staleRoutes } = { ...DEFAULTS, ...file };
  const data = [file, ...said].findLast((one) => one.data !== undefined)?.data ?? DEFAULTS.data;
  const implied = flagged.map(({ spec }) => completeServer(spec.id, 'flag', spec));
  return {
    fleet,
    ...listeningOf([file, ...said], file.tls, folder),
    data,
    servers: [...servers, ...implied],
    discovery: completeDiscovery(file.discovery ?? []),
    defaults: applySettings(DEFAULT_SETTINGS, file.defaults ?? {}),
    models: Object.assign(Object.create(null) as Record<string, ModelSpec>, file.models),
    limits: { ...DEFAULTS.limits, ...file.limits },
    connections: { ...DEFAULTS.connections, ...file.connections },
    residency: { ...DEFAULTS.residency, ...file.residency },
    staleRoutes,
    redis,
    peer,
    recorder: file.recorder ? recorderIn(data, file.recorder) : null,
    auth: file.auth ? completeAuth(file.auth) : null,
    objectives: Object.assign(Object.create(null) as Config['objectives'], file.objectives),
    webhooks: {
      fleet: fleetWebhook,
      alertmanager: completeAlertRules(file.webhooks?.alertmanager ?? []),
      endpoints,
    },
    insecureListen: said.some(({ insecureListen = false }) => insecureListen),
  };
}

function recorderIn(data: string, written: NonNullable<ConfigFile['recorder']>): RecorderConfig {
  const recorder = { ...RECORDER_DEFAULTS, ...written };
  return { ...recorder, dir: resolve(data, recorder.dir) };
}
