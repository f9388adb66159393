import { beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '#config';
import { ANONYMOUS, type Auth, hashOf, newKey, SignIn } from './index.js';

const NOON = Date.parse('2026-01-31T12:00:00Z');
const RISK = newKey('gw-risk');
const ADMIN = newKey('boss');
const SAN = 'URI:spiffe://cluster/ns/keda/sa/keda-operator';

const AUTH: Auth = {
  keys: [
    {
      ...{
        id: 'gw-risk',
        hash: hashOf(RISK),
        role: 'gateway',
        tenant: 'risk',
        maxClass: 'default',
        maxLeaseMs: 5,
      },
      expiresAt: NOON + 1_000,
    },
    { id: 'boss', hash: hashOf(ADMIN), role: 'admin', tenant: null, maxClass: null, expiresAt: null },
  ],
  jwt: [],
  certificates: [{ san: SAN, role: 'autoscaler', tenant: null, maxClass: null }],
};

describe('SignIn', () => {
  let now = NOON;
  let signIn: SignIn;

  beforeEach(() => {
    now = NOON;
    signIn = new SignIn(
      () => now,
      () => undefined,
    );
    signIn.take(AUTH);
  });

  const by = (...authorization: string[]) => signIn.signIn({ authorization, sans: [] });

  it('is off without credentials to go by: every caller is anonymous', () => {
    signIn.take(null);
    expect([signIn.isOn, by(`Bearer ${RISK}`), by()]).toEqual([false, ANONYMOUS, ANONYMOUS]);
  });

  it('knows a key by its hash, and says who holds it', () => {
    expect(signIn.isOn).toBe(true);
    expect(by(`Bearer ${RISK}`)).toEqual({
      ...{ credential: 'gw-risk', tenant: 'risk', role: 'gateway', maxClass: 'default', maxLeaseMs: 5 },
    });
    expect(by(`bearer ${ADMIN}`)).toEqual({
      ...{ credential: 'boss', tenant: 'boss', role: 'admin', maxClass: null },
    });
  });

  it('makes nothing anew in each call', () => {
    expect(by(`Bearer ${RISK}`)).toBe(by(`Bearer ${RISK}`));
  });

  it('refuses a key from the moment on at which it expires', () => {
    now = NOON + 999;
    expect(by(`Bearer ${RISK}`)).toMatchObject({ credential: 'gw-risk' });
    now = NOON + 1_000;
    expect(by(`Bearer ${RISK}`)).toBe('not_signed_in');
    expect(by(`Bearer ${ADMIN}`)).toMatchObject({ credential: 'boss' });
  });

  it.each([
    ['no header', []],
    ['an empty header', ['']],
    ['the scheme alone', ['Bearer']],
    ['the scheme and a space', ['Bearer ']],
    ['another scheme', [`Basic ${RISK}`]],
    ['no scheme', [RISK]],
    ['two spaces', [`Bearer  ${RISK}`]],
    ['a space at the end', [`Bearer ${RISK} `]],
    ['two credentials in one header', [`Bearer ${RISK}, Bearer ${RISK}`]],
    ['a doubled header', [`Bearer ${RISK}`, `Bearer ${RISK}`]],
    ['an unknown key', [`Bearer ${newKey('gw-risk')}`]],
    ['the key of another case', [`Bearer ${RISK.toUpperCase()}`]],
    ['the hash of a key', [`Bearer ${hashOf(RISK)}`]],
    ['16 KiB', [`Bearer ${RISK}${'x'.repeat(16_384)}`]],
    ['text outside of ASCII', ['Bearer berth_\u00e4_\ud800']],
    ['what is no key and no token', ['Bearer __proto__']],
  ])('signs nobody in by %s', (_, authorization) => {
    expect(by(...authorization)).toBe('not_signed_in');
  });

  it('knows a certificate by one of its names', () => {
    const keda = { credential: SAN, tenant: SAN, role: 'autoscaler', maxClass: null };
    expect(signIn.signIn({ authorization: [], sans: ['DNS:keda', SAN] })).toEqual(keda);
    expect(signIn.signIn({ authorization: [], sans: ['DNS:keda'] })).toBe('not_signed_in');
  });

  it('does not make a bad key good by a certificate beside it', () => {
    expect(signIn.signIn({ authorization: ['Bearer nonsense'], sans: [SAN] })).toBe('not_signed_in');
    expect(signIn.signIn({ authorization: [`Bearer ${RISK}`], sans: [SAN] })).toMatchObject({
      credential: 'gw-risk',
    });
  });

  it('takes up other credentials at once: what is gone is refused', () => {
    signIn.take({ ...AUTH, keys: AUTH.keys.slice(1), certificates: [] });
    expect([by(`Bearer ${RISK}`), signIn.signIn({ authorization: [], sans: [SAN] })]).toEqual([
      'not_signed_in',
      'not_signed_in',
    ]);
    expect(by(`Bearer ${ADMIN}`)).toMatchObject({ credential: 'boss' });
  });

  it('takes what a configuration says', () => {
    const text = `auth: { keys: [{ id: k, hash: "sha256:${hashOf(ADMIN)}", role: viewer }] }`;
    const read = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
    signIn.take(read.ok ? read.config.auth : null);
    expect(by(`Bearer ${ADMIN}`)).toEqual({
      ...{ credential: 'k', tenant: 'k', role: 'viewer', maxClass: null },
    });
  });
});

describe('a new key', () => {
  it('has its id, and 32 random bytes', () => {
    expect(newKey('gw', Buffer.alloc(32))).toBe(`berth_gw_${'A'.repeat(43)}`);
    expect(newKey('gw')).toMatch(/^berth_gw_[A-Za-z0-9_-]{43}$/);
    expect(newKey('gw')).not.toBe(newKey('gw'));
  });
});
