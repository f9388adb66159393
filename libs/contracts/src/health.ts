import { z } from 'zod';

/** The answer of `/health/live`. */
export const liveSchema = z.strictObject({
  status: z.literal('live'),
  version: z.string().describe('The version of Berth that answers.'),
});
