import { z } from 'zod';

/** As the JSON form of a message is read: a number may be a text, and what is repeated may stand alone. */
const whole = z.union([z.number().int(), z.string().regex(/^-?\d+$/)]).nullable();
const natural = z.union([z.number().int().min(0), z.string().regex(/^\d+$/)]).nullable();
const text = z.string().nullable();
const many = <T extends z.ZodType>(item: T) => z.union([z.array(item), item]).nullable();
const oneOf = (names: readonly string[]) =>
  z.union([
    z
      .number()
      .int()
      .min(0)
      .max(names.length - 1),
    z.string().refine((name) => names.includes(name.toUpperCase())),
  ]);
const anything = z.unknown();

/** In the order of their numbers. */
export const KINDS = ['KIND_AUTO', 'KIND_GPU', 'KIND_CPU', 'KIND_MODEL'] as const;

const DATA_TYPES = `INVALID BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FP16 FP32 FP64 STRING BF16`
  .split(' ')
  .map((type) => `TYPE_${type}`);

const group = z.strictObject({
  name: text.optional(),
  kind: oneOf(KINDS).optional(),
  count: whole.optional(),
  gpus: many(whole).optional(),
  profile: many(text).optional(),
  passive: z.boolean().optional(),
  host_policy: text.optional(),
  rate_limiter: anything.optional(),
  secondary_devices: anything.optional(),
});

const tensor = z.looseObject({
  name: text.optional(),
  data_type: oneOf(DATA_TYPES).optional(),
  dims: many(whole).optional(),
});

/** One policy, or none. */
const policy = z
  .strictObject({
    latest: z.strictObject({ num_versions: natural.optional() }).optional(),
    all: z.strictObject({}).optional(),
    specific: z.strictObject({ versions: many(whole).optional() }).optional(),
  })
  .refine((policies) => Object.keys(policies).length <= 1);

const FORM = z.strictObject({
  name: text.optional(),
  platform: text.optional(),
  backend: text.optional(),
  runtime: text.optional(),
  default_model_filename: text.optional(),
  max_batch_size: natural.optional(),
  version_policy: policy.optional(),
  input: many(tensor).optional(),
  output: many(tensor).optional(),
  instance_group: many(group).optional(),
  parameters: z.record(z.string(), z.strictObject({ string_value: text.optional() })).optional(),
  ...Object.fromEntries(
    `cc_model_filenames metric_tags dynamic_batching optimization sequence_batching ensemble_scheduling model_warmup
    model_operations model_transaction_policy batch_input batch_output model_repository_agents response_cache
    model_metrics`
      .split(/\s+/)
      .map((field) => [field, anything.optional()]),
  ),
});

/** Whether a config is one to Triton: an unknown field, a wrong type or an unknown name of an enumeration is not read. */
export function isConfig(json: Readonly<Record<string, unknown>>): boolean {
  return FORM.safeParse(json).success;
}

/** What is repeated, also where it stands alone. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}
