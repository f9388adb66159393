import { z } from 'zod';
import {
  type Footprint,
  LOAD_CAUSES,
  PROMISE_CAUSES,
  type LoadTimes,
  type Look,
  type Model,
  type ModelId,
  type ModelSettings,
  type OrderId,
  type ReplicaId,
  type RequestId,
  type ServerId,
  type ServerSpec,
  type TenantId,
} from '#core';

/**
 * What the core's values look like, key by key. `satisfies` ties each shape to the core's type: a key that the core gains
 * does not compile until it is here too, and then `FORMAT` has to rise.
 */

/** A name of the core's: which kind of name it is, only the compiler knows. */
export const named = <Id extends string>(): z.ZodType<Id> => z.string() as unknown as z.ZodType<Id>;

export const modelId = named<ModelId>();
export const serverId = named<ServerId>();
export const replicaId = named<ReplicaId>();
export const requestId = named<RequestId>();
export const tenantId = named<TenantId>();
export const order = named<OrderId>();

/** Instants, spans and bytes may be infinite. */
export const amount = z.custom<number>((value) => typeof value === 'number' && !Number.isNaN(value), {
  error: 'must be a number',
});

export const whole = z.int();
export const text = z.string();
export const flag = z.boolean();
export const list = <T>(of: z.ZodType<T>) => z.array(of);
const labels = z.record(z.string(), z.string());
export const orNull = <T>(of: z.ZodType<T>) => z.nullable(of);

const coldStart = z.strictObject({
  policy: z.enum(['queue', 'shed']),
  maxQueue: amount,
  maxWait: amount,
  loadWhenShed: flag,
});

const settingsKeys = {
  enabled: flag,
  gpuBytes: amount,
  hostBytes: amount,
  gpuDeclared: flag,
  hostDeclared: flag,
  idleUnload: orNull(amount),
  idleMode: z.enum(['strict', 'soft']),
  loadTimeout: amount,
  minResidency: amount,
  class: z.enum(['critical', 'default', 'sheddable']),
  coldStart,
  onLimitExceeded: z.enum(['warn', 'unload', 'quarantine']),
  onFailing: z.enum(['flag', 'replace']),
};

export const settings = z.strictObject(settingsKeys) satisfies z.ZodType<ModelSettings>;

export const model = z.strictObject({
  ...settingsKeys,
  id: modelId,
  source: z.enum(['declared', 'discovered']),
  pinnedCopies: amount,
  minCopies: amount,
  maxCopies: orNull(amount),
  dependsOn: list(modelId),
  require: labels,
  spread: orNull(text),
  deviceSets: list(list(whole)),
  config: orNull(text),
}) satisfies z.ZodType<Model>;

export const serverSpec = z.strictObject({
  id: serverId,
  host: text,
  labels,
  hostMemory: orNull(amount),
  discover: flag,
  strangers: z.enum(['keep', 'adopt', 'retire']),
  metricsInterval: amount,
  devices: orNull(
    list(z.strictObject({ ordinal: whole, uuid: orNull(text), memory: amount, headroom: amount })),
  ),
}) satisfies z.ZodType<ServerSpec>;

export const mode = z.enum(['explicit', 'wrong_mode', 'restricted']);

export const footprint = z.strictObject({ peak: amount, times: whole }) satisfies z.ZodType<Footprint>;

export const loadTimes = z.strictObject({
  mean: amount,
  deviation: amount,
  count: whole,
}) satisfies z.ZodType<LoadTimes>;

const indexRow = z.strictObject({
  model: modelId,
  version: text,
  state: z.enum(['', 'UNKNOWN', 'LOADING', 'READY', 'UNLOADING', 'UNAVAILABLE']),
  reason: text,
});

const servingRow = z.strictObject({
  model: modelId,
  version: text,
  lastInference: amount,
  succeeded: amount,
  failed: amount,
  waited: amount,
  computed: amount,
  memory: list(z.strictObject({ ordinal: whole, bytes: amount })),
});

const metrics = z.strictObject({
  gpus: list(z.strictObject({ uuid: text, memory: amount, used: amount })),
  hostMemory: orNull(amount),
  pending: z.map(modelId, amount),
});

export const look = z.strictObject({
  begunAt: amount,
  endedAt: amount,
  index: orNull(list(indexRow)),
  serving: list(servingRow),
  metrics: orNull(metrics),
  mode: orNull(mode),
  serverVersion: orNull(text),
}) satisfies z.ZodType<Look>;

export const failureCause = z.enum([
  'capacity',
  'configuration',
  'missing',
  'wrong_mode',
  'restricted',
  'transient',
]);
export const loadCause = z.enum(LOAD_CAUSES);
export const promiseBroken = z.enum([...PROMISE_CAUSES, 'unknown']);
export const unloadCause = z.enum(['idle', 'evicted', 'withdrawn', 'admin', 'drain', 'lost']);

export const found = z.strictObject({
  incarnation: amount,
  other: orNull(z.strictObject({ gpus: whole, since: amount })),
});

export const memoryChange = z.strictObject({
  ...{ model: modelId, kind: z.enum(['came', 'left']), measured: orNull(amount), booked: amount },
});

export const closed = z.strictObject({
  ...{ since: amount, because: z.enum(['ran_out', 'not_known_yet']), most: amount, quietSince: amount },
});

export const shortfall = z.strictObject({
  at: amount,
  replica: replicaId,
  model: modelId,
  server: serverId,
  ...{ bytes: amount, free: amount, others: amount, isAfterUnload: flag },
  until: amount,
});
