import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { pino } from 'pino';
import { type Reason, REFUSALS } from '#contracts';
import { factsOfError } from './facts-of-error.js';
import { problemOf } from './problem.js';
import { Problems } from './problems.js';
import { factsOf, invalid, Refused } from './refused.js';

const never = (): number => 0;

describe('a problem', () => {
  it.each(Object.keys(REFUSALS) as Reason[])('tells %s with its status, type and title', (reason) => {
    const { status, body } = problemOf({ reason }, '/v1/x', never);
    const { http, title } = REFUSALS[reason];
    expect(status).toBe(http);
    expect(body).toEqual({
      type: `urn:berth:problem:${reason}`,
      title,
      status: http,
      detail: title,
      instance: '/v1/x',
      reason,
    });
  });

  it('lists the rules that were broken', () => {
    const { facts } = invalid([{ path: 'a.b', rule: 'must be 1' }]);
    expect(problemOf(facts, '/', never).body).toMatchObject({
      detail: 'a.b: must be 1',
      errors: [{ path: 'a.b', rule: 'must be 1' }],
    });
  });

  it('says when to come again, where that helps', () => {
    const loading = factsOf({
      reason: 'loading',
      retryAfter: 4_000,
      phase: 'placed',
      eta: 3_999.5,
      position: 2,
    });
    const { headers, body } = problemOf(loading, '/', never);
    expect(headers).toEqual({ 'retry-after': '4' });
    expect(body).toMatchObject({ phase: 'placed', etaMs: 4_000, position: 2, retryAfterMs: 4_000 });
    expect(problemOf(factsOf({ reason: 'infeasible', retryAfter: null }), '/', never).headers).toEqual({});
  });

  it('keeps the word that says more as the detail', () => {
    const facts = factsOf({ reason: 'infeasible', retryAfter: null, detail: 'needs_config' });
    expect(problemOf(facts, '/', never).body['detail']).toBe('needs_config');
  });

  it('says what the caller calls its request, and logs it with what went wrong inside', () => {
    const log: string[] = [];
    const problems = new Problems(pino({}, { write: (line: string) => void log.push(line) }), never);
    const sent: string[] = [];
    const reply = {
      code: () => reply,
      headers: () => reply,
      type: () => reply,
      send: (text: string) => sent.push(text),
    };
    const request = { method: 'POST', raw: { url: '/v1/x' } };
    problems.send(new Error('secret'), request as never, reply as never, 'r-1');
    problems.send(new Refused({ reason: 'infeasible' }), request as never, reply as never, 'r-2');
    expect(sent.map((text) => (JSON.parse(text) as { requestId: string }).requestId)).toEqual(['r-1', 'r-2']);
    expect(log.map((line) => (JSON.parse(line) as { requestId: string }).requestId)).toEqual(['r-1']);
  });

  it('tells nothing of what went wrong inside', () => {
    expect(factsOfError(new Error('secret'))).toEqual({ facts: { reason: 'internal' } });
    expect(factsOfError(new HttpException('secret', 500)).facts).toEqual({ reason: 'internal' });
    expect(factsOfError('thrown').facts.reason).toBe('internal');
  });

  it.each([
    [400, 'invalid_request'],
    [404, 'not_found'],
    [413, 'too_large'],
    [415, 'unsupported_media_type'],
    [414, 'invalid_request'],
  ])('words what the framework refuses with %d', (status, reason) => {
    expect(factsOfError(new HttpException('no', status)).facts.reason).toBe(reason);
    expect(factsOfError(Object.assign(new Error('no'), { statusCode: status })).facts.reason).toBe(reason);
  });

  it('passes on our own refusals as they are', () => {
    const facts = { reason: 'pinned', detail: 'm is pinned' } as const;
    expect(factsOfError(new Refused(facts))).toEqual({ facts });
  });
});
