import { z } from 'zod';
import { millis, modelSpecSchema, nameSchema, pinSchema } from '#config';

const MAX_MODELS = 100;
const MAX_NAMES = 1_000;
const MIN_WITHIN_MS = 1_000;
const MAX_WITHIN_MS = 3_600_000;
const DEFAULT_WITHIN_MS = 600_000;

const names = (what: string) =>
  z
    .array(nameSchema)
    .max(MAX_NAMES, { error: `must have at most ${MAX_NAMES} entries` })
    .nullish()
    .describe(what)
    .transform((given) => given ?? []);

const byModel = <Value extends z.ZodType>(value: Value, what: string) =>
  z
    .record(nameSchema, value)
    .refine((models) => Object.keys(models).length <= MAX_MODELS, {
      error: `must have at most ${MAX_MODELS} entries`,
    })
    .meta({ maxProperties: MAX_MODELS })
    .nullish()
    .describe(what)
    .transform((given) => given ?? {});

const shape = (spec: z.ZodType) => ({
  models: byModel(spec, 'Models as PUT would declare them: what the API says of each is replaced.'),
  pins: byModel(pinSchema.pick({ copies: true }), 'Pins by model.'),
  lost: names('Servers that are lost. What was in use there, and nowhere else, is asked for again.'),
  drained: names('Servers that are drained.'),
  asked: names('Models that one request each asks for, and waits for as long as they allow.'),
  withinMs: millis(MIN_WITHIN_MS, MAX_WITHIN_MS)
    .default(DEFAULT_WITHIN_MS)
    .describe('How far ahead is planned at most.'),
});

/** What may be supposed. A spec is checked later, together with what else is said of its model. */
export const planRequestSchema = z.strictObject(shape(z.unknown()));

/** The same as it is published. */
export const publishedPlanRequestSchema = z.strictObject(shape(modelSpecSchema));

export type PlanRequest = z.infer<typeof planRequestSchema>;
