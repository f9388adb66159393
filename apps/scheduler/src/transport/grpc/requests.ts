import type { z } from 'zod';
import { check, refuse } from '#config';
import { MalformedRequest } from '#contracts';
import { invalid, Refused } from '../errors/refused.js';

/** Reads a gRPC request by its schema; refuses one that breaks rules or is no message at all. */
export function readRequest<T>(schema: z.ZodType<T>, request: unknown): T {
  if (request instanceof MalformedRequest) throw malformed(request);
  const checked = check(schema, request);
  if (!checked.ok) throw invalid(checked.errors);
  return checked.value;
}

/** Whether a message was sent. One left out does not mean an empty one, which would take back what was declared. */
export const isMessage = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** The refusal of what is no message, or too long a one. */
export const malformed = ({ reason, rule, at }: MalformedRequest): Refused =>
  reason === 'too_large' ? new Refused({ reason, detail: rule }) : invalid(refuse([{ at, rule }]).errors);
