import { z } from 'zod';
import {
  DEFAULTS,
  DISCOVERY_DEFAULTS,
  RECORDER_DEFAULTS,
  REDIS_DEFAULTS,
  SERVER_DEFAULTS,
} from './defaults.js';
import { discoverySchema } from './discovery-schema.js';
import { DEFAULT_SETTINGS, modelSpecSchema, settingsSchema } from './model-spec.js';
import { authSchema } from './auth-schema.js';
import { hostSchema, portSchema, tlsSchema } from './listening.js';
import { peerSchema } from './peer-schema.js';
import { redisSchema } from './redis-schema.js';
import { choice, labelKey, millis, name, NOT_AVAILABLE, seconds, text, whole } from './rules.js';
import { fileServerSchema } from './server-spec.js';
import { webhooksSchema } from './webhooks-schema.js';

const MAX_OBJECTIVES = 1_000;

/** Where the state is kept. */
export const dataSchema = text;

/** The configuration file: each key known, none required but what names and reaches a server. */
export const configFileSchema = z.strictObject({
  fleet: name.exactOptional().describe('The name of the installation.'),
  listen: hostSchema.nullable().exactOptional().describe('Where both are served: the host, without ports.'),
  http: portSchema.exactOptional().describe('Where HTTP is served.'),
  grpc: portSchema.exactOptional().describe('Where gRPC is served.'),
  tls: tlsSchema.exactOptional().describe('How both are served over TLS. Left out: so beyond loopback only.'),
  data: dataSchema.exactOptional().describe('The folder of the embedded store.'),
  redis: redisSchema
    .exactOptional()
    .describe('The Redis that several Berths share. Left out: this Berth is alone, with the embedded store.'),
  peer: peerSchema.exactOptional().describe('This Berth among several; of use beside `redis` only.'),
  servers: z
    .array(fileServerSchema)
    .max(10_000, { error: 'must have at most 10000 entries' })
    .exactOptional()
    .describe('The Triton servers.'),
  discovery: discoverySchema.exactOptional().describe('Names in DNS that tell of further Triton servers.'),
  defaults: settingsSchema.exactOptional().describe('For every model, also discovered ones.'),
  models: z.record(name, modelSpecSchema).exactOptional().describe('The models declared here, by name.'),
  limits: z
    .strictObject({
      globalQueue: whole(1, 1_000_000)
        .exactOptional()
        .describe('The most requests that may wait, all models together.'),
      loadsPerServer: whole(1, 64)
        .exactOptional()
        .describe('Loads in flight on one server, and unloads beside them.'),
      loadsPerDevice: whole(1, 64).exactOptional().describe('Loads in flight on one device.'),
      loadsPerDevicePerMinute: whole(1, 10_000)
        .exactOptional()
        .describe('Loads of a minute that others may be evicted for, on one device.'),
      starvationMs: millis(1, 3_600_000)
        .exactOptional()
        .describe('After so long without being served a model is loaded whatever its victims are worth.'),
      stuckAfterSeconds: seconds(1, 86_400)
        .exactOptional()
        .describe('When a late load or unload is called stuck.'),
      shedAtLagMs: millis(1, 3_600_000)
        .nullable()
        .exactOptional()
        .describe('The event-loop lag beyond which requests for cold models are shed; null: none.'),
    })
    .exactOptional()
    .describe('Bounds of the service.'),
  connections: z
    .strictObject({
      http: whole(1, 1_000_000)
        .exactOptional()
        .describe('HTTP connections at a time; more are closed as they come.'),
      httpArrivalSeconds: seconds(1, 3_600)
        .exactOptional()
        .describe('How long a request may take to arrive over HTTP.'),
      grpc: whole(1, 1_000_000)
        .exactOptional()
        .describe('gRPC connections at a time; more are closed as they come.'),
      grpcCalls: whole(1, 1_000_000)
        .exactOptional()
        .describe('Calls at a time on one gRPC connection; more wait at the caller.'),
      grpcIdleSeconds: seconds(1, 86_400)
        .exactOptional()
        .describe('A gRPC connection is closed when it had no call for so long.'),
      grpcPingSeconds: seconds(1, 86_400)
        .exactOptional()
        .describe('How often a gRPC connection is asked whether its client is still there.'),
    })
    .exactOptional()
    .describe('Bounds of client connections and their calls.'),
  residency: z
    .strictObject({
      policy: choice(['lru'], ['value']).exactOptional().describe('How victims are chosen.'),
      loadAhead: notYet(true, false)
        .exactOptional()
        .describe('Whether models are loaded before they are asked for.'),
    })
    .exactOptional()
    .describe('What stays in memory.'),
  staleRoutes: choice(['serve', 'stop'])
    .exactOptional()
    .describe('What a Berth answers that has not heard of a leader for too long.'),
  recorder: z
    .strictObject({
      dir: text.exactOptional().describe('The folder of the recordings; a relative one lies in `data`.'),
      maxFileMb: whole(1, 4096).exactOptional().describe('After so much another file is begun.'),
      files: whole(2, 1000).exactOptional().describe('How many files are kept; the oldest is deleted.'),
    })
    .exactOptional()
    .describe('Records every turn, to be replayed later. Left out: nothing is recorded.'),
  auth: authSchema
    .exactOptional()
    .describe(
      'Which callers there are. Left out: beyond loopback the holder of the admin key, else any caller.',
    ),
  objectives: z
    .record(labelKey, choice(['critical', 'default', 'sheddable']))
    .refine((objectives) => Object.keys(objectives).length <= MAX_OBJECTIVES, {
      error: `must have at most ${MAX_OBJECTIVES} entries`,
    })
    .exactOptional()
    .describe('The class of each objective that a gateway of the Inference Extension may name.'),
  webhooks: webhooksSchema
    .exactOptional()
    .describe('What other systems tell Berth, and what Berth tells them. Left out: nothing.'),
});

/** The file as it was written. */
export type ConfigFile = z.infer<typeof configFileSchema>;

/** The default of each key that has one, by its path as the documents write it. */
export function defaultsByPath(): Record<string, unknown> {
  const { limits, connections, residency, ...top } = DEFAULTS;
  const { coldStart, ...settings } = DEFAULT_SETTINGS;
  return {
    ...top,
    ...prefixed('limits', limits),
    ...prefixed('connections', connections),
    ...prefixed('residency', residency),
    ...prefixed('recorder', RECORDER_DEFAULTS),
    ...prefixed('redis', REDIS_DEFAULTS),
    ...prefixed('defaults', settings),
    ...prefixed('defaults.coldStart', coldStart),
    'webhooks.endpoints[].allowPrivate': false,
    'servers[].discover': SERVER_DEFAULTS.discover,
    'servers[].strangers': SERVER_DEFAULTS.strangers,
    'servers[].metricsIntervalMs': SERVER_DEFAULTS.metricsIntervalMs,
    'servers[].devices[].headroomMb': SERVER_DEFAULTS.headroomMb,
    ...prefixed('discovery[]', DISCOVERY_DEFAULTS),
    'models.*.copies.min': 0,
    'models.*.copies.max': null,
    'models.*.placement.spread': null,
    'webhooks.alertmanager[].whenResolved': 'keep',
  };
}

function prefixed(prefix: string, values: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
}

/** A literal whose opposite is known but not built yet. */
function notYet<const T extends boolean>(later: boolean, now: T) {
  return z.literal(now, {
    error: ({ input }) => (input === later ? NOT_AVAILABLE : 'must be true or false'),
  });
}
