import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bearerOf } from './bearer.js';
import { hashOf, newKey, SignIn } from './index.js';

const KEY = newKey('gw');
const signIn = new SignIn(
  () => 0,
  () => undefined,
);
signIn.take({
  keys: [{ id: 'gw', hash: hashOf(KEY), role: 'admin', tenant: null, maxClass: null, expiresAt: null }],
  jwt: [
    {
      ...{ issuer: 'i', audience: 'berth', jwks: 'http://127.0.0.1:9/keys' },
      grants: [{ claim: 'sub', equals: 'a', role: 'admin', tenant: null, maxClass: null }],
    },
  ],
  certificates: [],
});

const base64url = fc.json().map((text) => Buffer.from(text).toString('base64url'));
/** What looks like a token: three parts, of which some are JSON. */
const token = fc.array(fc.oneof(base64url, fc.string()), { minLength: 1, maxLength: 4 });
const scheme = fc.constantFrom('Bearer ', 'bearer ', 'BEARER ', 'Basic ', 'Bearer', '');
const credential = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string().map((text) => `berth_gw_${text}`),
  token.map((parts) => parts.join('.')),
  fc.nat(20_000).map((length) => 'a.'.repeat(length)),
);
const header = fc.tuple(scheme, credential).map((parts) => parts.join(''));

describe('any header at all', () => {
  it('signs nobody in, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 3 }), async (authorization) => {
        expect(await signIn.signIn({ authorization, sans: [] })).toBe('not_signed_in');
      }),
      { numRuns: 500 },
    );
  });

  it('that has one sign more or less than a key signs nobody in', async () => {
    const whole = `Bearer ${KEY}`;
    expect(await signIn.signIn({ authorization: [whole], sans: [] })).toMatchObject({ credential: 'gw' });
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.string({ maxLength: 1 }), async (at, sign) => {
        const other = whole.slice(0, at) + sign + whole.slice(at + 1);
        fc.pre(other.slice(7) !== KEY);
        expect(await signIn.signIn({ authorization: [other], sans: [] })).toBe('not_signed_in');
      }),
    );
  });

  it('holds what follows the scheme, or no credential', () => {
    fc.assert(
      fc.property(header, (text) => {
        const found = bearerOf(text);
        if (found !== null) expect(`bearer ${found}`).toBe(`bearer ${text.slice(7)}`);
        else expect(text.length > 8_192 || !/^bearer ./is.test(text)).toBe(true);
      }),
    );
  });
});
