import { z } from 'zod';
import type {
  LearnedLoadTimes,
  LearnedServer,
  LearnedWant,
  StoredAnswer,
  AuditRow,
  AuditHeadRow,
  StoredDeadLetter,
  StoredEvent,
  StoredAlert,
  DeclaredFreeze,
  StoredHook,
  DeclaredModel,
  StoredOrders,
  DeclaredServer,
} from '#engine';
import type { Footprint, LoadTimes, ModelId, ServerId } from '#core';

const revision = z.int().min(0);
const spec = z.record(z.string(), z.unknown()).nullable();
const names = z.array(z.string());
const times = z.strictObject({
  mean: z.number(),
  deviation: z.number().min(0),
  count: z.int().min(1),
}) satisfies z.ZodType<LoadTimes>;

/** What one load teaches, as the core has it: it took so many milliseconds, and the next may take half as long again. */
const onceTook = (took: number): LoadTimes => ({
  mean: Math.log(Math.max(1, took)),
  deviation: Math.log(1.5) / 1.6 / Math.SQRT2,
  count: 1,
});

/** One for each minute of an hour, and the minute under way. */
const MAX_WANTS = 62;

const digits = z.string().regex(/^[0-9]+$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const answered = { at: z.string(), bodyHash: z.string(), status: z.int() };

function textIn(body: unknown, key: string): string | null {
  const value = (body as Readonly<Record<string, unknown>> | null)?.[key];
  return typeof value === 'string' ? value : null;
}

const toldDrain = {
  deadline: z.string().nullable(),
  since: z.string().exactOptional(),
  by: z.string().exactOptional(),
};

const auditedThing = {
  forced: z.boolean(),
  subject: z.strictObject({
    kind: z.enum(['model', 'server', 'freeze', 'dead_letter', 'warmup']),
    name: z.string().nullable(),
  }),
  revisionBefore: digits.nullable(),
  revisionAfter: digits.nullable(),
};

/**
 * How each kind of value looks in the store. A change after which what is there would make no sense is a new
 * `SCHEMA_VERSION`; another kind is not.
 */
export const VALUES = {
  fleet: z.string().min(1),
  schema: z.int().min(1),
  term: z.int().min(1),
  toldModel: z.strictObject({
    revision,
    spec,
    pin: z
      .strictObject({ copies: z.int().min(1), until: z.string().nullable() })
      .nullable()
      .exactOptional(),
  }) satisfies z.ZodType<DeclaredModel>,
  toldServer: z.strictObject({
    revision,
    spec,
    drain: z.strictObject({ ...toldDrain, cause: z.literal('alert').exactOptional() }).nullable(),
    joined: z.literal(true).exactOptional(),
    end: z
      .union([
        z.strictObject({
          ...{ said: z.literal('leaving'), ...toldDrain },
          isCarriedOut: z.literal(true).exactOptional(),
        }),
        z.strictObject({ said: z.literal('left') }),
      ])
      .exactOptional(),
    saidAt: z.string().exactOptional(),
  }) satisfies z.ZodType<DeclaredServer>,
  toldFreeze: z.strictObject({
    ...{ reason: z.string(), since: z.string(), by: z.string().exactOptional() },
  }) satisfies z.ZodType<DeclaredFreeze>,
  toldOrders: z.strictObject({
    load: z.boolean(),
    unload: z.array(z.strictObject({ server: z.string(), force: z.boolean() })),
    reload: z.array(z.strictObject({ server: z.string(), hasLeft: z.boolean() })),
  }) satisfies z.ZodType<StoredOrders>,
  /** Earlier versions of Berth kept the whole body; what counts of it is read. */
  toldAnswer: z.union([
    z.strictObject({ ...answered, revision: z.string().nullable(), state: z.string().nullable() }),
    z.strictObject({ ...answered, body: z.unknown() }).transform(({ body, ...rest }) => {
      return { ...rest, revision: textIn(body, 'revision'), state: textIn(body, 'state') };
    }),
  ]) satisfies z.ZodType<StoredAnswer>,
  toldHook: z.strictObject({
    at: z.string(),
    word: z.strictObject({ hash: sha256, servers: names }).nullable(),
  }) satisfies z.ZodType<StoredHook>,
  toldEpisode: z.strictObject({
    heardAt: z.string(),
    isDone: z.boolean(),
    holds: z
      .strictObject({
        ...{ kind: z.enum(['drain', 'pin']), name: z.string(), revision },
        wasUnpinned: z.literal(true).exactOptional(),
      })
      .nullable(),
    undo: z.boolean(),
  }) satisfies z.ZodType<StoredAlert>,
  toldAudit: z.strictObject({
    number: digits,
    at: z.string(),
    credential: z.string(),
    source: z.strictObject({ over: z.enum(['http', 'grpc']), address: z.string().nullable() }).nullable(),
    operation: z.string(),
    ...auditedThing,
    others: z.array(z.strictObject(auditedThing)).exactOptional(),
    more: z.int().min(1).exactOptional(),
    previousHash: sha256,
  }) satisfies z.ZodType<AuditRow>,
  toldAuditHead: z.strictObject({
    first: z.int().min(1),
    next: z.int().min(1),
    hash: sha256,
  }) satisfies z.ZodType<AuditHeadRow>,
  toldEvent: z.strictObject({
    endpoint: z.string(),
    id: z.string(),
    type: z.string(),
    at: z.string(),
    subject: z.string(),
    data: z.record(z.string(), z.unknown()),
  }) satisfies z.ZodType<StoredEvent>,
  toldDeadLetter: z.strictObject({
    cause: z.enum(['exhausted', 'gone', 'overflow', 'withdrawn']),
    at: z.string(),
    attempts: z.int().min(0),
  }) satisfies z.ZodType<StoredDeadLetter>,
  toldWarmup: z.strictObject({
    at: z.string(),
    credential: z.string(),
    models: names.min(1),
    isCancelled: z.literal(true).exactOptional(),
  }),
  warmupProgress: z.strictObject({
    ends: z.array(z.string().nullable()),
    tries: z.int().min(0),
    ended: z.strictObject({ at: z.string(), state: z.enum(['done', 'cancelled', 'failed']) }).nullable(),
  }),
  learnedServer: z.strictObject({
    repository: names,
    devices: z.array(
      z.strictObject({
        ordinal: z.int().min(0),
        uuid: z.string().nullable(),
        kind: z.enum(['gpu', 'cpu']),
        capacity: z.number().min(0),
      }),
    ),
  }) as unknown as z.ZodType<LearnedServer>,
  ordered: names as unknown as z.ZodType<readonly ModelId[]>,
  steps: names as unknown as z.ZodType<readonly ModelId[]>,
  footprint: z.strictObject({
    peak: z.number().min(0),
    times: z.int().min(1),
    /** Earlier versions kept none. */
    latest: z.tuple([z.number().min(0), z.number().min(0)]).default([0, 0]),
  }) satisfies z.ZodType<Footprint>,
  /** A bare number is the last load's time, as the first versions of Berth kept it. */
  loadTimes: z.union([
    z.strictObject({
      anywhere: times,
      on: z.array(z.strictObject({ server: z.string() as unknown as z.ZodType<ServerId>, times })),
    }),
    z
      .number()
      .min(0)
      .transform((took) => ({ anywhere: onceTook(took), on: [] })),
  ]) satisfies z.ZodType<LearnedLoadTimes>,
  loadPace: times,
  leases: z.record(z.string(), z.number().min(0)),
  wants: z
    .array(z.strictObject({ from: z.number().min(0), servers: z.int().min(0) }))
    .max(MAX_WANTS) satisfies z.ZodType<readonly LearnedWant[]>,
} as const;

/** Writes a value down. What could not be read back is a bug of ours and never reaches the disk. */
export function encode<T>(schema: z.ZodType<T>, key: string, value: T): string {
  const text = JSON.stringify(value);
  if (decode(schema, text) === undefined)
    throw new TypeError(`the value for ${key} is none that can be stored`);
  return text;
}

/** Reads a value; undefined where it is no value of this kind. */
export function decode<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const result = schema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
