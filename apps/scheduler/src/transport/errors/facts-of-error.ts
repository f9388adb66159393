import { HttpException } from '@nestjs/common';
import type { Reason } from '#contracts';
import { StoreUnavailable } from '#store';
import { type RefusalFacts, Refused } from './refused.js';
import { STORE_UNAVAILABLE } from './store-unavailable.js';

/** What a caller is told of an error: our refusals as they are, the framework's in our words, no internals. */
export function factsOfError(error: unknown): { readonly facts: RefusalFacts; readonly status?: number } {
  if (error instanceof Refused) return { facts: error.facts };
  if (error instanceof StoreUnavailable) return { facts: STORE_UNAVAILABLE };
  const status = statusOf(error);
  if (status === undefined || status >= 500) return { facts: { reason: 'internal' } };
  const known = REASONS[status];
  if (known === undefined) return { facts: requestFacts((error as Error).message), status };
  return { facts: known.reason === 'invalid_request' ? requestFacts((error as Error).message) : known };
}

const REASONS: Readonly<Record<number, RefusalFacts & { readonly reason: Reason }>> = {
  400: { reason: 'invalid_request' },
  403: { reason: 'not_allowed' },
  404: { reason: 'not_found' },
  413: { reason: 'too_large', detail: 'a body may have at most 64 KiB, that of a batch 4 MiB' },
  415: { reason: 'unsupported_media_type', detail: 'a body must be application/json' },
};

const requestFacts = (rule: string): RefusalFacts => ({
  reason: 'invalid_request',
  detail: rule,
  errors: [{ path: '', rule }],
});

/** Nest's own errors have a status, and so have Fastify's. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}
