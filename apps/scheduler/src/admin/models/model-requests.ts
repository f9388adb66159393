import { z } from 'zod';
import { nameSchema } from '#config';
import { queryNumber } from '../../transport/http/query-number.js';

const MAX_WAIT_MS = 600_000;

export const modelName = nameSchema.describe('The name of the model.');
export const orderQuerySchema = z.strictObject({
  waitMs: queryNumber(0, MAX_WAIT_MS, ' of milliseconds').describe(
    'How long to wait until the order is carried out. Absent: not at all.',
  ),
});
export const loadBodySchema = z.strictObject({}).optional();
export const unloadBodySchema = z
  .strictObject({ force: z.boolean().nullish().describe('Skips leases and residency, never a pin.') })
  .optional();

export type OrderQuery = z.infer<typeof orderQuerySchema>;
export type UnloadBody = z.infer<typeof unloadBodySchema>;
