import { z } from 'zod';
import { longestLeaseOf, type Principal } from '#access';
import { check, millis, nameSchema } from '#config';
import { NAME, NAME_RULE } from '#contracts';
import { DEFAULT_LEASE, MAX_LEASE, type ModelId, type ServerId, type TenantId } from '#core';
import type { ResolveQuery } from '#engine';
import { type BrokenRule, invalid, Refused } from '../transport/errors/refused.js';

const MAX_UINT32 = 2 ** 32 - 1;

const MAX_TEXT_LENGTH = 128;

/** Of the servers to avoid so many count: what a waiting request holds of our memory is bound by what it may say. */
const MAX_AVOIDED = 8;

const shortText = z
  .string()
  .min(1, { error: 'must not be empty' })
  .max(MAX_TEXT_LENGTH, { error: 'must have at most 128 characters' });

/** The highest first. */
const CLASSES = ['critical', 'default', 'sheddable'] as const;

/** What a resolve call may say, on every interface. As proto3 JSON has it, null says as much as a field left out. */
export const resolveRequestSchema = z.strictObject({
  model: nameSchema.nullish().describe('The model; over HTTP it is in the path.'),
  version: shortText.nullish().describe('Absent: any version.'),
  waitMs: millis(0, MAX_UINT32)
    .nullish()
    .describe(
      'How long the caller will wait for a cold model. Absent: as long as the model allows; 0: not at all.',
    ),
  leaseMs: millis(0, MAX_LEASE).nullish().describe('How long the route must stay good.'),
  class: z
    .enum(CLASSES, { error: 'must be one of critical, default, sheddable' })
    .nullish()
    .describe('How much the request matters. Absent: as much as the model.'),
  affinityKey: shortText
    .nullish()
    .describe(
      'The same key leads to the same copy, while the copies stay the same and none is used too much.',
    ),
  avoid: z
    .array(nameSchema)
    .max(100, { error: 'must have at most 100 entries' })
    .nullish()
    .describe('Servers the caller has just failed on. The first 8 of them count.'),
  requestId: shortText
    .nullish()
    .describe(
      'For correlation only: comes back in a refusal, and is in recordings and in log lines of failures.',
    ),
});

/** A checked resolve call, or every rule it breaks. */
export type ReadQuery =
  | { readonly ok: true; readonly query: ResolveQuery }
  | { readonly ok: false; readonly errors: readonly BrokenRule[] };

/**
 * Reads a resolve call of a caller, whose lease is cut to the longest that the caller is given. Refuses one that breaks a rule, or
 * that asks above the class of its caller.
 */
export function queryOf(caller: Principal, model: string, request: unknown): ResolveQuery {
  const read = readResolveRequest(caller.tenant, model, request);
  if (!read.ok) throw invalid(read.errors);
  if (isAbove(read.query.class, caller.maxClass)) {
    const detail = `class: the highest that this caller may ask for is ${caller.maxClass}`;
    throw new Refused({ reason: 'not_allowed', detail });
  }
  return { ...read.query, lease: Math.min(read.query.lease, longestLeaseOf(caller)) };
}

type Class = (typeof CLASSES)[number];

/** What is left to the model is never above: its own class stands. */
const isAbove = (asked: Class | null, most: Class | null): boolean =>
  asked !== null && most !== null && CLASSES.indexOf(asked) < CLASSES.indexOf(most);

/** Reads a resolve call. `model` comes from the path, or is the message's own. Most calls say nothing more. */
export function readResolveRequest(tenant: string, model: string, request: unknown): ReadQuery {
  const isNamed = NAME.test(model);
  if (isNamed && isSimple(model, request)) return { ok: true, query: complete(tenant, model, request ?? {}) };
  const rest = check(resolveRequestSchema, request ?? {});
  const misnamed = isNamed ? [] : [{ path: 'model', rule: NAME_RULE }];
  if (!rest.ok) {
    return { ok: false, errors: [...misnamed, ...rest.errors.filter(({ path }) => path !== 'model')] };
  }
  if (rest.value.model != null && rest.value.model !== model) {
    misnamed.push({ path: 'model', rule: 'must be the model of the path' });
  }
  return misnamed.length > 0
    ? { ok: false, errors: misnamed }
    : { ok: true, query: complete(tenant, model, rest.value) };
}

/** What a caller calls its request; undefined where it does not say so, or breaks the rule for it. */
export function requestIdIn(request: unknown): string | undefined {
  const { requestId } = (request ?? {}) as { readonly requestId?: unknown };
  return isShortText(requestId) ? requestId : undefined;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT_LENGTH;
}

/** Fields as almost all calls have them, and when they break no rule. */
const SIMPLE = new Map<string, (value: unknown, model: string) => boolean>([
  ['model', (value, model) => value === model],
  ['waitMs', (value) => isMillis(value, MAX_UINT32)],
  ['leaseMs', (value) => isMillis(value, MAX_LEASE)],
  ['avoid', (value) => Array.isArray(value) && value.length === 0],
  ['affinityKey', isShortText],
  ['requestId', isShortText],
]);

const isMillis = (value: unknown, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** A request of simple fields only needs no schema, which would cost as much as all the rest of a warm answer. */
function isSimple(model: string, request: unknown): request is Fields | null | undefined {
  if (request == null) return true;
  if (typeof request !== 'object' || Array.isArray(request)) return false;
  return Object.entries(request).every(([key, value]) => SIMPLE.get(key)?.(value, model) ?? false);
}

type Fields = z.infer<typeof resolveRequestSchema>;

function complete(tenant: string, model: string, request: Fields): ResolveQuery {
  return {
    model: model as ModelId,
    version: request.version ?? null,
    wait: request.waitMs ?? null,
    lease: request.leaseMs ?? DEFAULT_LEASE,
    class: request.class ?? null,
    avoid: (request.avoid ?? []).slice(0, MAX_AVOIDED) as ServerId[],
    ...(request.affinityKey == null ? {} : { affinityKey: request.affinityKey }),
    tenant: tenant as TenantId,
    ...(request.requestId == null ? {} : { requestId: request.requestId }),
  };
}
