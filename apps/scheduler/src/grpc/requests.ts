import type { Metadata } from '@grpc/grpc-js';
import type { z } from 'zod';
import { check } from '#config';
import { MalformedRequest } from '#contracts';
import { invalid } from '../errors/refused.js';
import { type Caller, callerOf } from '../writes/caller.js';

/** Reads a gRPC request by its schema; refuses one that breaks rules or is no message at all. */
export function readRequest<T>(schema: z.ZodType<T>, request: unknown): T {
  if (request instanceof MalformedRequest) throw invalid([{ path: '', rule: request.rule }]);
  const checked = check(schema, request);
  if (!checked.ok) throw invalid(checked.errors);
  return checked.value;
}

/** The conditions that a call's metadata puts on a write. */
export const callerAmong = (metadata: Metadata): Caller =>
  callerOf((name) => {
    const [value] = metadata.get(name);
    return value === undefined ? undefined : String(value);
  });
