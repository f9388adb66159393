import { z } from 'zod';
import { deviceSchema, hostMemorySchema } from './device.js';

const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const revision = z
  .string()
  .regex(/^[0-9]+$/)
  .describe('Rises with every admin write; the ETag.');
const labels = z.record(z.string(), z.string());
const count = z.int().min(0);
const json = z.record(z.string(), z.unknown());

/** Of an answer to a write; absent: it is durable. */
export const durableSchema = z
  .literal(false)
  .exactOptional()
  .describe('Told where too few replicas of the store confirmed the write: a failover may lose it.');

export const routeServerSchema = z.strictObject({
  id: z.string(),
  grpc: z.string(),
  http: z.string().nullable(),
  labels,
});

/** Where a model lives, as it is told. */
export const routeSchema = z.strictObject({
  model: z.string(),
  version: z.string(),
  server: routeServerSchema,
  devices: z.array(count).describe('Ordinals of the devices that hold a copy.'),
  routeVersion: z.strictObject({ term: z.string(), sequence: z.string() }),
  leaseMs: count.describe(
    'For so long Berth does not unload that copy, unless it is forced to, or drains the server with a deadline: it lets go 10 s after that, or at an announced end of the server, and says here what is left until then.',
  ),
  cold: z.boolean().describe('Whether the request had to wait for a load.'),
  waitedMs: count,
  stale: z.boolean(),
});

export const failuresSchema = z
  .strictObject({
    failed: count,
    of: count,
    mayBeGivenUp: z
      .boolean()
      .describe('Whether callers that gave up in the queue of its batcher may be among them.'),
  })
  .nullable()
  .describe('How many of its executions within 30 s have failed; null: none.');

export const copySchema = z.strictObject({
  server: z.string(),
  device: count.nullable(),
  phase: z.enum(['placed', 'loading', 'ready', 'draining', 'unloading', 'unknown']),
  since: time,
  memoryMb: z.strictObject({
    reserved: count,
    measured: count.nullable(),
    basis: z.enum(['declared', 'measured', 'default']),
  }),
  flags: z.array(z.enum(['failing', 'stuck', 'over_limit'])),
  lastUsedAt: time.nullable(),
  inUseUntil: time.nullable(),
  idleUnloadAt: time.nullable(),
  failures: failuresSchema,
});

/** A model as it is told. `spec` and `effective` are free JSON; over gRPC they are Structs. */
export const modelSchema = z.strictObject({
  durable: durableSchema,
  name: z.string(),
  source: z.enum(['file', 'api', 'discovered']),
  revision,
  enabled: z.boolean(),
  labels,
  spec: json.describe('The keys that were set.'),
  effective: json.describe('All keys, defaults included.'),
  pin: z.strictObject({ copies: count, until: time.nullable(), schedule: z.null() }).nullable(),
  state: z.enum([
    'absent',
    'waiting',
    'placed',
    'loading',
    'ready',
    'draining',
    'unloading',
    'unknown',
    'cooling_down',
  ]),
  copies: z.array(copySchema),
  waiting: count.describe('Requests that wait for it.'),
  lastFailure: z
    .strictObject({
      at: time,
      cause: z.enum(['capacity', 'configuration', 'missing', 'wrong_mode', 'restricted', 'transient']),
    })
    .nullable(),
  nextTryAt: time.nullable(),
  lastUnload: z
    .strictObject({
      at: time,
      reason: z.enum(['idle', 'evicted', 'withdrawn', 'admin', 'drain', 'lost']),
      for: z.string().nullable().describe('The model it made room for.'),
    })
    .nullable(),
});

/** What the sender of a webhook about the fleet is told. */
export const fleetHeardSchema = z.strictObject({
  durable: durableSchema,
  servers: z
    .array(z.string())
    .describe('The servers that it is about, but those of which a later message told; none of a repeat.'),
  repeated: z.boolean().describe('Whether the same was said before, so that nothing was done.'),
  outdated: z
    .boolean()
    .describe('Whether messages with later timestamps told of all its servers, so that nothing was done.'),
});

/** A server as it is told. */
export const serverSchema = z.strictObject({
  durable: durableSchema,
  id: z.string(),
  source: z.enum(['file', 'api', 'discovered']),
  grpc: z.string(),
  http: z.string().nullable(),
  host: z.string(),
  labels,
  metricsIntervalMs: count.describe('How often its Triton reads its GPUs, as declared.'),
  state: z.enum(['connecting', 'ready', 'stale', 'lost', 'wrong_mode', 'restricted', 'draining', 'drained']),
  incarnation: count,
  version: z.string().nullable(),
  observedAt: time.nullable(),
  flags: z.array(
    z.enum([
      'stuck_load',
      'stuck_unload',
      'hidden_copy',
      'failing_model',
      'needs_restart',
      'memory_late',
      'metrics_late',
      'old_version',
      'open_control',
      'left',
    ]),
  ),
  devices: z.array(deviceSchema),
  hostMemory: hostMemorySchema
    .nullable()
    .describe('The memory of its host, shared by all servers there; null where it is not enforced.'),
  trouble: z
    .strictObject({
      reason: z.enum([
        'refused',
        'unresolvable',
        'unreachable',
        'silent',
        'closed',
        'not_grpc',
        'no_handshake',
      ]),
      detail: z.string(),
    })
    .nullable()
    .describe(
      'Why no connection to its gRPC port stands, as the last try found; null where one stands, or none was tried yet.',
    ),
  drain: z
    .strictObject({
      since: time.nullable(),
      until: time.nullable().describe('The deadline, or the announced end; null: there is none.'),
      cause: z.enum(['admin', 'alert', 'webhook', 'discovery', 'file']),
      by: z.string().nullable().describe('The credential that said so.'),
    })
    .nullable()
    .optional()
    .describe('Why it drains; null where it does not. Absent where Berth is older than this field.'),
  revision,
});

/** What a batch has declared, model by model. */
export const batchSchema = z.strictObject({
  durable: durableSchema,
  items: z.array(
    z.strictObject({
      name: z.string(),
      revision,
      created: z.boolean().describe('Whether nothing was declared of it over the API before.'),
    }),
  ),
});

/** One page of a list; `nextPageToken` is empty on the last one. */
export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextPageToken: z.string() });

/** A refusal over HTTP (RFC 9457). More members say more about some reasons. */
export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  reason: z.string(),
  errors: z.array(z.looseObject({ path: z.string(), rule: z.string() })).optional(),
  retryAfterMs: count.optional(),
  requestId: z.string().optional().describe('As the caller gave it to a resolve call.'),
});

export type RouteServerMessage = z.infer<typeof routeServerSchema>;
export type RouteMessage = z.infer<typeof routeSchema>;
export type ModelMessage = z.infer<typeof modelSchema>;
export type CopyMessage = z.infer<typeof copySchema>;
export type ServerMessage = z.infer<typeof serverSchema>;
export type BatchMessage = z.infer<typeof batchSchema>;
export interface PageMessage<Item> {
  readonly items: Item[];
  readonly nextPageToken: string;
}

/** A resolve call as it comes over gRPC. */
export interface ResolveRequestMessage {
  readonly model: string;
  readonly version?: string;
  readonly waitMs?: number;
  readonly leaseMs?: number;
  readonly class?: string;
  readonly affinityKey?: string;
  readonly avoid?: readonly string[];
  readonly requestId?: string;
}
