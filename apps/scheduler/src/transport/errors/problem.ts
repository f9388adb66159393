import { REFUSALS } from '#contracts';
import type { RefusalFacts } from './refused.js';
import { hintOf, type Random } from './retry-hint.js';

/** A refusal as HTTP tells it: a problem of RFC 9457. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** Writes a refusal for HTTP. `status` stands in for the reason's own where a framework decided on another. */
export function problemOf(facts: RefusalFacts, instance: string, random: Random, status?: number): Problem {
  const { reason, detail, errors, retryAfter, members, requestId } = facts;
  const { http, title } = REFUSALS[reason];
  const hint = retryAfter == null ? null : hintOf(retryAfter, random);
  return {
    status: status ?? http,
    headers: {
      ...(hint !== null && { 'retry-after': String(hint / 1_000) }),
      ...(reason === 'not_signed_in' && { 'www-authenticate': 'Bearer' }),
    },
    body: {
      type: `urn:berth:problem:${reason}`,
      title,
      status: status ?? http,
      detail: detail ?? title,
      instance,
      reason,
      ...(errors === undefined ? {} : { errors }),
      ...(hint === null ? {} : { retryAfterMs: hint }),
      ...(requestId === undefined ? {} : { requestId }),
      ...members,
    },
  };
}
