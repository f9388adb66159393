import { describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { rpcStatusDefinition } from '#contracts';
import type { RefusalFacts } from './refused.js';
import { rpcErrorOf } from './rpc-error.js';

const definition = rpcStatusDefinition();
const decode = (type: string, bytes: Buffer): Record<string, unknown> =>
  (definition[type] as MessageTypeDefinition<object, object>).deserialize(bytes) as Record<string, unknown>;

/** The details of a refusal, by the name of their type. */
function detailsOf(facts: RefusalFacts): Record<string, Record<string, unknown>> {
  const { metadata } = rpcErrorOf(facts, () => 0);
  const [bytes] = metadata!.get('grpc-status-details-bin');
  const { details } = decode('google.rpc.Status', bytes as Buffer) as {
    details: { type_url?: string; typeUrl?: string; value: Buffer }[];
  };
  return Object.fromEntries(
    details.map(({ type_url: url, typeUrl = url, value }) => {
      const type = typeUrl!.replace('type.googleapis.com/', '');
      return [type, decode(type, value)];
    }),
  );
}

describe('a refusal over gRPC', () => {
  it('carries its reason, its facts and when to come again', () => {
    const facts = {
      reason: 'loading',
      retryAfter: 2_500,
      members: { etaMs: 2_500, phase: 'loading' },
    } as const;
    const error = rpcErrorOf(facts, () => 0);
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'The model is on its way' });
    expect(error.metadata!.get('grpc-retry-pushback-ms')).toEqual(['3000']);
    expect(detailsOf(facts)).toEqual({
      'google.rpc.ErrorInfo': {
        reason: 'LOADING',
        domain: 'berth',
        metadata: { etaMs: '2500', phase: 'loading' },
      },
      'google.rpc.RetryInfo': { retryDelay: { seconds: '3', nanos: 0 } },
    });
  });

  it('fits into the 8 KiB of trailers that clients take, however much there is to say', () => {
    const errors = Array.from({ length: 20 }, (_, nth) => ({ path: `k${nth}`, rule: 'é'.repeat(250) }));
    const devices = Array.from({ length: 1_000 }, (_, ordinal) => ({ server: 't', ordinal }));
    const facts = { reason: 'invalid_request', errors, members: { model: 'm', devices } } as const;
    const { metadata, details } = rpcErrorOf({ ...facts, detail: 'x'.repeat(50_000) }, () => 0);
    const [bytes] = metadata!.get('grpc-status-details-bin');
    expect((bytes as Buffer).toString('base64').length + details!.length).toBeLessThan(8 * 1_024);
    const told = detailsOf(facts);
    expect(told['google.rpc.ErrorInfo']).toMatchObject({
      reason: 'INVALID_REQUEST',
      metadata: { model: 'm' },
    });
    expect(told['google.rpc.BadRequest']!['fieldViolations']).toContainEqual({
      field: 'k0',
      description: errors[0]!.rule,
    });
  });

  it('carries what the caller calls its request', () => {
    expect(detailsOf({ reason: 'infeasible', requestId: 'r-1' })).toMatchObject({
      'google.rpc.ErrorInfo': { reason: 'INFEASIBLE' },
      'google.rpc.RequestInfo': { requestId: 'r-1', servingData: '' },
    });
  });

  it('has no hint where no wait helps', () => {
    expect(
      rpcErrorOf({ reason: 'infeasible', retryAfter: null }, () => 0).metadata!.get('grpc-retry-pushback-ms'),
    ).toEqual([]);
    expect(Object.keys(detailsOf({ reason: 'infeasible' }))).toEqual(['google.rpc.ErrorInfo']);
  });

  it('lists the rules that were broken', () => {
    const facts = {
      reason: 'invalid_request',
      errors: [{ path: 'waitMs', rule: 'must be a number' }],
    } as const;
    expect(detailsOf(facts)['google.rpc.BadRequest']).toEqual({
      fieldViolations: [{ field: 'waitMs', description: 'must be a number' }],
    });
  });
});
