import { z } from 'zod';
import { millis, nameSchema } from '#config';

/** No drain has a deadline further away, in milliseconds. */
export const MAX_DEADLINE_MS = 7 * 24 * 3_600_000;

export const serverName = nameSchema.describe('The name of the server.');
export const drainBodySchema = z
  .strictObject({
    deadlineMs: millis(0, MAX_DEADLINE_MS)
      .nullish()
      .describe(
        'When it lets go even without a place elsewhere, and 10 s later whatever leases say. Absent: it waits for a place and for leases.',
      ),
  })
  .optional();
export const emptyBodySchema = z.strictObject({}).optional();

export type DrainBody = z.infer<typeof drainBodySchema>;
