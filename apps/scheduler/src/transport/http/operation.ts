import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiDefaultResponse, ApiHeader, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { type Reason, REFUSALS } from '#contracts';
import { isOwn, type OperationName, OPERATIONS } from '../access/operations.js';
import { CREATE, KEY, TAGS } from '../access/caller.js';

/** The statuses of success, and what comes with each. */
type Answers = Readonly<Record<number, z.ZodType | null>>;

const ANY: readonly Reason[] = ['invalid_request', 'not_allowed', 'internal'];
/** How `client-errors.ts` refuses what it cannot read, whatever it is for. */
const UNREAD: Readonly<Record<number, string>> = {
  408: `\`invalid_request\`: The request did not arrive in time`,
  431: `\`too_large\`: The headers have more than 16 KiB`,
};
/** Why a caller may not be known. */
const SIGNED: readonly Reason[] = ['not_signed_in', 'busy'];
/** Why a body may be refused whatever it is for. */
export const BODY: readonly Reason[] = ['too_large', 'unsupported_media_type'];
const WRITE: readonly Reason[] = [
  ...BODY,
  ...(['idempotency_key_reused', 'queue_full', 'store_unavailable', 'shutting_down'] as const),
];

const IDEMPOTENCY_KEY = header(
  'Idempotency-Key',
  'The same write with the same key takes effect once; kept 24 h.',
  KEY,
);
const IF_MATCH = header('If-Match', 'The revision that is meant, as an ETag tells it.', TAGS);
const IF_NONE_MATCH = header(
  'If-None-Match',
  'Creates only: refused where the API has declared it already.',
  CREATE,
);

/** The conditions of a write to what has a revision, of one that may create that, and of one to what has none. */
const OF_REVISION = [IDEMPOTENCY_KEY, IF_MATCH];
export const CREATES = [...OF_REVISION, IF_NONE_MATCH];
export const WITHOUT_REVISION = [IDEMPOTENCY_KEY];

/**
 * Says what an operation needs, and publishes it: what it does, what it answers, and why it may be refused. Its parameters and its
 * body are published where its handler takes them.
 */
export function Operation(
  name: OperationName,
  summary: string,
  answers: Answers,
  refuses: readonly Reason[] = [],
): MethodDecorator {
  const needs = OPERATIONS[name];
  const isOpen = needs === 'nothing';
  const reasons = [...ANY, ...(isOpen ? [] : SIGNED), ...refuses];
  const statuses = new Set(reasons.map((reason) => REFUSALS[reason].http));
  const refused = [...statuses].filter((status) => !(status in answers));
  return applyDecorators(
    RouteConfig({ needs, isOwn: isOwn(name) }),
    ...(isOpen ? [] : [ApiBearerAuth()]),
    ApiOperation({ operationId: name, summary }),
    ...Object.entries(answers).map(([status, schema]) =>
      ApiResponse({ status: Number(status), description: 'Done', ...(schema && { standardSchema: schema }) }),
    ),
    ...refused.map((status) => ApiResponse({ status, ...refusal(wordsOf(status, reasons)) })),
    ...Object.entries(UNREAD).map(([status, words]) =>
      ApiResponse({ status: Number(status), ...refusal(words) }),
    ),
    ApiDefaultResponse(refusal('A refusal')),
  );
}

/** The same of a write, with the conditions that it takes as headers. */
export function Write(
  name: OperationName,
  summary: string,
  answers: Answers,
  refuses: readonly Reason[] = [],
  conditions = OF_REVISION,
): MethodDecorator {
  const mismatch: readonly Reason[] = conditions.includes(IF_MATCH) ? ['revision_mismatch'] : [];
  const reasons = [...WRITE, ...mismatch, ...refuses];
  return applyDecorators(Operation(name, summary, answers, reasons), ...conditions);
}

const wordsOf = (status: number, reasons: readonly Reason[]): string =>
  [...new Set(reasons)]
    .filter((reason) => REFUSALS[reason].http === status)
    .map((reason) => `\`${reason}\`: ${REFUSALS[reason].title}`)
    .join('. ');

const refusal = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

function header(name: string, description: string, pattern: RegExp): MethodDecorator {
  const schema = { type: 'string', pattern: pattern.source };
  return ApiHeader({ name, description, required: false, schema });
}
