import { describe, expect, it } from '@jest/globals';
import { type NamedCaller, PEER, PeerKey, PRINCIPAL } from './peer-key.js';

const KEY = 'k'.repeat(32);
const CALLER: NamedCaller = {
  principal: { credential: 'iss|sub', tenant: 'risk', role: 'operator', maxClass: 'default', maxLeaseMs: 5 },
  address: '10.0.0.1',
};

describe('the key of the peers', () => {
  const key = new PeerKey(KEY);

  const callerOf = (headers: Record<string, string>, by = key) =>
    by.callerOf(
      [headers['authorization']].filter((one) => one !== undefined),
      headers[PRINCIPAL],
    );

  it('has a peer believed that names the caller of what it hands on', () => {
    expect(callerOf(key.headersOf(CALLER))).toEqual(CALLER);
    expect(callerOf(key.headersOf(null))).toEqual({ principal: PEER, address: null });
  });

  it('is the one thing that has a name believed', () => {
    const headers = new PeerKey('x'.repeat(32)).headersOf(CALLER);
    expect(callerOf(headers)).toBeNull();
    expect(callerOf({ ...headers, authorization: `Bearer ${KEY} ` })).toBeNull();
    expect(callerOf({ [PRINCIPAL]: headers[PRINCIPAL]! })).toBeNull();
    expect(callerOf(key.headersOf(CALLER), new PeerKey(null))).toBeNull();
    expect(key.callerOf([`Bearer ${KEY}`, `Bearer ${KEY}`], undefined)).toBeNull();
    expect(new PeerKey(null).headersOf(CALLER)).toEqual({});
  });

  it.each([
    ['no JSON', 'x'],
    ['another role', JSON.stringify({ ...CALLER, principal: { ...CALLER.principal, role: 'root' } })],
    ['a field too much', JSON.stringify({ ...CALLER, isAdmin: true })],
    ['no tenant', JSON.stringify({ ...CALLER, principal: { ...CALLER.principal, tenant: '' } })],
  ])('makes no caller of %s', (_, text) => {
    const named = Buffer.from(text).toString('base64url');
    expect(key.callerOf([`Bearer ${KEY}`], named)).toBeNull();
  });
});
