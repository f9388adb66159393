import { z } from 'zod';
import { MAX_WARMUP_MODELS } from '#contracts';
import { modelName } from '../models/model-requests.js';

const SIZE_RULE = `must have 1 to ${MAX_WARMUP_MODELS} models`;
const ONCE_RULE = 'must name each model once';

/** What a warm-up is asked for with. */
export const warmupBodySchema = z.strictObject({
  models: z
    .array(modelName)
    .min(1, { error: SIZE_RULE, abort: true })
    .max(MAX_WARMUP_MODELS, { error: SIZE_RULE, abort: true })
    .refine((models) => new Set(models).size === models.length, { error: ONCE_RULE })
    .meta({
      description: 'The names of the models, each once. They are begun in this order.',
      uniqueItems: true,
    }),
});

export type WarmupBody = z.infer<typeof warmupBodySchema>;

export const warmupId = z
  .string()
  .regex(/^wu_[0-9a-f]{32}$/, { error: 'must be the id of a warm-up, as its start told it' })
  .describe('The id of the warm-up.');
