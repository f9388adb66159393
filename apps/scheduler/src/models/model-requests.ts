import { z } from 'zod';
import { nameSchema } from '#config';

const MAX_WAIT_MS = 600_000;
const WAIT_RULE = `must be a whole number of milliseconds from 0 to ${MAX_WAIT_MS}`;

/** A number as a query has it, as text, or as gRPC has it. */
const waitMs = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^[0-9]{1,7}$/)
        .transform(Number),
    ],
    { error: WAIT_RULE },
  )
  .refine((wait) => Number.isInteger(wait) && wait >= 0 && wait <= MAX_WAIT_MS, { error: WAIT_RULE })
  .optional()
  .meta({ type: 'integer', minimum: 0, maximum: MAX_WAIT_MS });

export const modelName = nameSchema.describe('The name of the model.');
export const orderQuerySchema = z.strictObject({
  waitMs: waitMs.describe('How long to wait until the order is carried out. Absent: not at all.'),
});
export const loadBodySchema = z.strictObject({}).optional();
export const unloadBodySchema = z
  .strictObject({ force: z.boolean().nullish().describe('Skips leases and residency, never a pin.') })
  .optional();

export type OrderQuery = z.infer<typeof orderQuerySchema>;
export type UnloadBody = z.infer<typeof unloadBodySchema>;
