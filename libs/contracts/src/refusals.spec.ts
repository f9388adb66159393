import { describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { type Reason, REFUSALS } from './refusals.js';

/** The tables of the contract, sections 2 and 3. */
const CONTRACT: readonly (readonly [Reason, number, keyof typeof status])[] = [
  ['unknown_model', 404, 'NOT_FOUND'],
  ['unknown_version', 404, 'NOT_FOUND'],
  ['invalid_request', 400, 'INVALID_ARGUMENT'],
  ['disabled', 409, 'FAILED_PRECONDITION'],
  ['infeasible', 422, 'FAILED_PRECONDITION'],
  ['load_failed', 502, 'FAILED_PRECONDITION'],
  ['loading', 503, 'UNAVAILABLE'],
  ['cooling_down', 503, 'UNAVAILABLE'],
  ['deadline_unreachable', 503, 'RESOURCE_EXHAUSTED'],
  ['no_capacity', 503, 'RESOURCE_EXHAUSTED'],
  ['queue_full', 429, 'RESOURCE_EXHAUSTED'],
  ['over_share', 429, 'RESOURCE_EXHAUSTED'],
  ['no_server', 503, 'UNAVAILABLE'],
  ['no_leader', 503, 'UNAVAILABLE'],
  ['store_unavailable', 503, 'UNAVAILABLE'],
  ['shutting_down', 503, 'UNAVAILABLE'],
  ['unknown_server', 404, 'NOT_FOUND'],
  ['pin_does_not_fit', 409, 'FAILED_PRECONDITION'],
  ['pinned', 409, 'FAILED_PRECONDITION'],
  ['in_use', 409, 'FAILED_PRECONDITION'],
  ['declared_in_file', 409, 'FAILED_PRECONDITION'],
  ['revision_mismatch', 412, 'ABORTED'],
  ['idempotency_key_reused', 422, 'FAILED_PRECONDITION'],
  ['busy', 503, 'UNAVAILABLE'],
  ['not_signed_in', 401, 'UNAUTHENTICATED'],
  ['not_allowed', 403, 'PERMISSION_DENIED'],
];

/** What frameworks refuse for us, and what goes wrong inside. */
const EDGE: readonly Reason[] = [
  'not_found',
  'too_large',
  'unsupported_media_type',
  'internal',
  'unknown_endpoint',
  'unknown_dead_letter',
  'unknown_warmup',
];

describe('the table of refusals', () => {
  it.each(CONTRACT)('says of %s what the contract says', (reason, http, grpc) => {
    expect([REFUSALS[reason].http, REFUSALS[reason].grpc]).toEqual([http, status[grpc]]);
  });

  it('has no other reasons than these', () => {
    const known = [...CONTRACT.map(([reason]) => reason), ...EDGE];
    expect(new Set(Object.keys(REFUSALS))).toEqual(new Set(known));
  });

  it('has one title for each', () => {
    const titles = Object.values(REFUSALS).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
