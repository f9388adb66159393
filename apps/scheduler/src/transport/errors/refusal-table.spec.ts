import { describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { RefusalReason } from '#core';
import { problemOf } from './problem.js';
import { factsOf } from './refused.js';
import { rpcErrorOf } from './rpc-error.js';

/** The table of the contract, section 2, line by line: reason, HTTP, gRPC, and whether there is a hint. */
const TABLE = [
  ['unknown_model', 404, 'NOT_FOUND', false],
  ['unknown_version', 404, 'NOT_FOUND', false],
  ['invalid_request', 400, 'INVALID_ARGUMENT', false],
  ['disabled', 409, 'FAILED_PRECONDITION', false],
  ['infeasible', 422, 'FAILED_PRECONDITION', false],
  ['load_failed', 502, 'FAILED_PRECONDITION', false],
  ['loading', 503, 'UNAVAILABLE', true],
  ['cooling_down', 503, 'UNAVAILABLE', true],
  ['deadline_unreachable', 503, 'RESOURCE_EXHAUSTED', true],
  ['no_capacity', 503, 'RESOURCE_EXHAUSTED', true],
  ['queue_full', 429, 'RESOURCE_EXHAUSTED', true],
  ['over_share', 429, 'RESOURCE_EXHAUSTED', true],
  ['no_server', 503, 'UNAVAILABLE', true],
  ['no_leader', 503, 'UNAVAILABLE', true],
  ['store_unavailable', 503, 'UNAVAILABLE', true],
  ['shutting_down', 503, 'UNAVAILABLE', true],
] as const satisfies readonly (readonly [RefusalReason, number, keyof typeof status, boolean])[];

describe.each(TABLE)('%s', (reason, http, grpc, isHinted) => {
  const facts = factsOf({ reason, retryAfter: isHinted ? 3_000 : null });

  it(`is ${http} over HTTP, and says ${isHinted ? 'when' : 'not when'} to come again`, () => {
    const { status: told, body, headers } = problemOf(facts, '/v1/x', () => 0);
    expect([told, body['status'], body['reason']]).toEqual([http, http, reason]);
    expect(headers).toEqual(isHinted ? { 'retry-after': '3' } : {});
  });

  it(`is ${grpc} over gRPC, and says ${isHinted ? 'when' : 'not when'} to come again`, () => {
    const { code, metadata } = rpcErrorOf(facts, () => 0);
    const details = String(metadata!.get('grpc-status-details-bin')[0]);
    expect(code).toBe(status[grpc]);
    expect(details).toContain(reason.toUpperCase());
    expect(details.includes('google.rpc.RetryInfo')).toBe(isHinted);
    expect(metadata!.get('grpc-retry-pushback-ms')).toEqual(isHinted ? ['3000'] : []);
  });
});
