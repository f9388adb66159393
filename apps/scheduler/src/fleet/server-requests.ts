import { z } from 'zod';
import { nameSchema } from '#config';

/** No drain has a deadline further away, in milliseconds. */
export const MAX_DEADLINE_MS = 7 * 24 * 3_600_000;
const DEADLINE_RULE = `must be a whole number of milliseconds from 0 to ${MAX_DEADLINE_MS}`;

export const serverName = nameSchema.describe('The name of the server.');
export const drainBodySchema = z
  .strictObject({
    deadlineMs: z
      .number({ error: DEADLINE_RULE })
      .int({ error: DEADLINE_RULE })
      .min(0, { error: DEADLINE_RULE })
      .max(MAX_DEADLINE_MS, { error: DEADLINE_RULE })
      .nullish()
      .describe(
        'When it lets go even without a place elsewhere, and 10 s later whatever leases say. Absent: it waits for a place and for leases.',
      ),
  })
  .optional();
export const emptyBodySchema = z.strictObject({}).optional();

export type DrainBody = z.infer<typeof drainBodySchema>;
