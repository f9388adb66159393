import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { signedRequest } from './signature.js';

const NOW = Date.now();
const EVENT = { id: 'evt_1', type: 'server.lost', at: '2026-01-31T12:00:00.000Z', data: { server: 'ä' } };
const KEYS = [24, 32, 64].map((bytes) => new Uint8Array(bytes).fill(bytes));
const secretOf = (key: Uint8Array): string => `whsec_${Buffer.from(key).toString('base64')}`;

describe('a signed letter', () => {
  const request = signedRequest(EVENT, KEYS, NOW);

  it.each(KEYS.map(secretOf))('is verified by another program with each secret (%#)', (secret) => {
    expect(new Webhook(secret).verify(request.body, request.headers)).toEqual({
      type: 'server.lost',
      timestamp: EVENT.at,
      data: { server: 'ä' },
    });
  });

  it('is refused with another secret, for another body, another id or another time', () => {
    const verify = (secret: string, body: string, headers: object): unknown =>
      new Webhook(secret).verify(body, { ...request.headers, ...headers });
    const [secret] = KEYS.map(secretOf) as [string];
    expect(() => verify(secretOf(new Uint8Array(32)), request.body, {})).toThrow();
    expect(() => verify(secret, request.body.replace('lost', 'ready'), {})).toThrow();
    expect(() => verify(secret, request.body, { 'webhook-id': 'evt_2' })).toThrow();
    expect(() => verify(secret, request.body, { 'webhook-timestamp': '1' })).toThrow();
  });

  it('has the length of its bytes, and no secret', () => {
    expect(request.headers['content-length']).toBe(String(Buffer.byteLength(request.body)));
    for (const secret of KEYS.map(secretOf)) expect(JSON.stringify(request)).not.toContain(secret.slice(6));
  });
});
