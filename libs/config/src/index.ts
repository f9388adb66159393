export { AllowedHosts } from './allowed-hosts.js';
export { isLoopback, isWildcard, parseAddress, parseHost, addressText, type Address } from './address.js';
export type { AlertRule } from './alert-rules-schema.js';
export type { AuthConfig } from './auth-schema.js';
export { completeServer, type ServerConfig } from './complete-server.js';
export { DEFAULTS } from './defaults.js';
export type { DiscoveryConfig, DnsQuestion } from './discovery-schema.js';
export { dependencyCycle } from './dependency-cycle.js';
export {
  declaredLimits,
  effectiveModel,
  layerSpecs,
  type EffectiveModel,
  type ModelLayer,
} from './effective-model.js';
export { EVENT_TYPES, type EndpointConfig, type EventType } from './endpoints-schema.js';
export {
  check,
  formatError,
  refuse,
  underPath,
  type Checked,
  type ConfigError,
  type Finding,
  type Path,
} from './errors.js';
export type { FleetWebhookConfig } from './fleet-webhooks-schema.js';
export { configJsonSchema } from './json-schema.js';
export { isBeyondLoopback, type ServedTls } from './listening.js';
export { NamedFiles } from './named-files.js';
export { mergePatch } from './merge-patch.js';
export { patchModelSpec, readModelSpec, readPin, type Beside } from './model-body.js';
export {
  DEFAULT_SETTINGS,
  modelSpecSchema,
  pinSchema,
  type ColdStart,
  type ModelSettings,
  type ModelSpec,
} from './model-spec.js';
export {
  loadConfig,
  readConfig,
  type Config,
  type ConfigResult,
  type ConfigSources,
  type Flags,
  type Connections,
  type Limits,
} from './read-config.js';
export { peerSelf } from './peer-schema.js';
export type { RedisConfig } from './redis-schema.js';
export { restartKeys } from './restart-keys.js';
export { labelKey as labelKeySchema, millis, name as nameSchema, whole, withoutKeys } from './rules.js';
export {
  fileNamesIn,
  joinedServerSchema,
  publishedServerSchema,
  readServerSpec,
  withoutFileNames,
  type ServerSpec,
} from './server-spec.js';
export { readSmallFile } from './small-file.js';
export { isMetadataAddress } from './special-addresses.js';
export { readYaml } from './yaml-text.js';
