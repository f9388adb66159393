import { z } from 'zod';
import { durableSchema } from './messages.js';

const time = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC.' });
const count = z.int().min(0);

/** Bound of models of one warm-up. */
export const MAX_WARMUP_MODELS = 1_000;

/** A list of models that are loaded, as it is told. */
export const warmupSchema = z.strictObject({
  durable: durableSchema,
  id: z.string(),
  state: z
    .enum(['waiting', 'running', 'done', 'cancelled', 'failed'])
    .describe(
      '`waiting`: none of its models was begun. `done`: the load of each has ended. `cancelled`: no other model is begun. `failed`: the loads could not be ordered for about 15 minutes.',
    ),
  createdAt: time,
  endedAt: time.nullable().describe('Null as long as something of it may still be done.'),
  ready: count.describe('How many of its models are ready.'),
  failed: count.describe('How many were not loaded.'),
  left: count.describe('How many have not ended.'),
  models: z.array(
    z.strictObject({
      model: z.string(),
      state: z.enum(['waiting', 'ready', 'failed']),
      reason: z.string().nullable().describe('Why it was not loaded: the reason of a refusal.'),
    }),
  ),
});

export type WarmupMessage = z.infer<typeof warmupSchema>;

/** All warm-ups that are kept, the newest first, without their models. */
export const warmupsSchema = z.strictObject({
  items: z.array(warmupSchema.omit({ durable: true, models: true })),
});

export type WarmupsMessage = z.infer<typeof warmupsSchema>;
