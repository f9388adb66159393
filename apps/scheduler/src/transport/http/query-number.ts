import { z } from 'zod';

/** A whole number as a query has it, as text, or as gRPC has it. `unit`: how it is told what it is a number of. */
export function queryNumber(least: number, most: number, unit = '') {
  const error = `must be a whole number${unit} from ${least} to ${most}`;
  const digits = z
    .string()
    .regex(/^[0-9]{1,7}$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error })
    .refine((number) => Number.isInteger(number) && number >= least && number <= most, { error })
    .optional()
    .meta({ type: 'integer', minimum: least, maximum: most });
}
