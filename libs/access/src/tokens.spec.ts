import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type JWTPayload, SignJWT } from 'jose';
import { TokenIssuer } from '../../../test/support/token-issuer.js';
import { until } from '../../../test/support/until.js';
import { SignIn } from './index.js';

const NOON = Date.parse('2026-01-31T12:00:00Z');
const MINUTE = 60_000;
const inSeconds = (millis: number): number => Math.floor(millis / 1_000);

describe('tokens (JWT)', () => {
  let issuer: TokenIssuer;
  let now = NOON;
  let signIn: SignIn;
  let missing: string[] = [];

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    await issuer.addKey('rsa', 'RS256');
    await issuer.addKey('ec', 'ES256');
    await issuer.addKey('ed', 'EdDSA');
    await issuer.addKey('pss', 'PS256');
    await issuer.addKey('unknown', 'ES256', false);
  });

  afterAll(() => issuer.close());

  beforeEach(() => {
    now = NOON;
    missing = [];
    issuer.fetches = 0;
    signIn = new SignIn(
      () => now,
      (_, cause) => missing.push(cause),
    );
    take();
  });

  afterEach(() => issuer.answer());

  function take(claim = 'sub', equals = 'ci'): void {
    const grants = [
      { claim, equals, role: 'viewer' as const, tenant: null, maxClass: null },
      {
        claim: 'sub',
        equals: 'gw',
        role: 'gateway' as const,
        tenant: 'risk',
        maxClass: 'default' as const,
        maxLeaseMs: 5,
      },
    ];
    const jwt = [{ issuer: issuer.url, audience: issuer.audience, jwks: issuer.jwks, grants }];
    signIn.take({ keys: [], jwt, certificates: [] });
  }

  const exp = inSeconds(NOON + 60 * MINUTE);
  const by = (token: string) => signIn.signIn({ authorization: [`Bearer ${token}`], sans: [] });
  const signedIn = async (kid: string, claims: JWTPayload) => by(await issuer.token(kid, claims));

  it.each(['rsa', 'ec', 'ed'])('are verified by the public keys of their issuer: %s', async (kid) => {
    const credential = `${issuer.url}|ci`;
    expect(await signedIn(kid, { exp })).toEqual({
      ...{ credential, tenant: credential, role: 'viewer', maxClass: null },
    });
  });

  it('get what the first grant says whose claim is the same', async () => {
    expect(await signedIn('ec', { exp, sub: 'gw' })).toEqual({
      ...{
        credential: `${issuer.url}|gw`,
        tenant: 'risk',
        role: 'gateway',
        maxClass: 'default',
        maxLeaseMs: 5,
      },
    });
    take('team', 'a');
    expect(await signedIn('ec', { exp, sub: 'x', team: 'a' })).toMatchObject({ role: 'viewer' });
    expect(await signedIn('ec', { exp, sub: 'x', team: ['a'] })).toBe('not_signed_in');
    expect(await signedIn('ec', { exp, sub: 'x' })).toBe('not_signed_in');
  });

  it.each([
    ['no end', {}],
    ['an end that is over', { exp: inSeconds(NOON) - 61 }],
    ['an end that is no number', { exp: `${exp}` }],
    ['a beginning that is to come', { exp, nbf: inSeconds(NOON) + 61 }],
    ['another audience', { exp, aud: 'other' }],
    ['no audience', { exp, aud: undefined }],
    ['another issuer', { exp, iss: 'https://other' }],
    ['no subject', { exp, sub: undefined }],
    ['an empty subject', { exp, sub: '' }],
    ['a subject of two lines', { exp, sub: 'ci\nadmin' }],
    ['a subject that is no Unicode', { exp, sub: 'team:\ud800' }],
    ['a subject that reads as another', { exp, sub: 'team:\u202enimda' }],
    ['a subject that hides a character', { exp, sub: 'team:\u200bci' }],
    ['a subject that is too long', { exp, sub: 'c'.repeat(257) }],
    ['a subject without a grant', { exp, sub: 'stranger' }],
  ])('are refused with %s', async (_, claims) => {
    const payload = claims as JWTPayload;
    if (payload.sub?.startsWith('team:')) take('iss', issuer.url);
    expect(await signedIn('ec', payload)).toBe('not_signed_in');
  });

  it('are taken within 60 s of skew', async () => {
    const claims = { exp: inSeconds(NOON) - 59, nbf: inSeconds(NOON) + 59 };
    expect(await signedIn('ec', claims)).toMatchObject({ role: 'viewer' });
  });

  it('are refused with another algorithm, or with none', async () => {
    expect(await signedIn('pss', { exp })).toBe('not_signed_in');
    const claims = { iss: issuer.url, aud: issuer.audience, sub: 'ci', exp };
    const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    expect(await by(`${encoded({ alg: 'none' })}.${encoded(claims)}.`)).toBe('not_signed_in');
    const secret = new TextEncoder().encode('x'.repeat(32));
    const symmetric = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'rsa' }).sign(secret);
    expect(await by(symmetric)).toBe('not_signed_in');
    expect(issuer.fetches).toBe(0);
  });

  it('are refused with a signature that was changed', async () => {
    const [header, payload, signature] = (await issuer.token('ec', { exp })).split('.') as [
      string,
      string,
      string,
    ];
    const other = (await issuer.token('ec', { exp, sub: 'gw' })).split('.')[1]!;
    expect(await by(`${header}.${other}.${signature}`)).toBe('not_signed_in');
    expect(await by(`${header}.${payload}.`)).toBe('not_signed_in');
  });

  it('with an unknown key id make us fetch the public keys once, not each time', async () => {
    for (let nth = 0; nth < 50; nth += 1)
      expect(await signedIn('unknown', { exp, jti: String(nth) })).toBe('not_signed_in');
    expect(issuer.fetches).toBe(1);
  });

  it('are verified once, and then kept for 5 minutes', async () => {
    const token = await issuer.token('ec', { exp });
    const first = await by(token);
    now += 5 * MINUTE - 1;
    expect(by(token)).toBe(first);
    now += 1;
    const again = by(token);
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toEqual(first);
  });

  it('that come many times at once are verified once', async () => {
    const token = await issuer.token('ec', { exp });
    const answers = Array.from({ length: 1_000 }, () => by(token));
    expect(new Set(answers).size).toBe(1);
    expect(await answers[0]).toMatchObject({ role: 'viewer' });
  });

  it('are not kept beyond their end', async () => {
    const token = await issuer.token('ec', { exp: inSeconds(NOON + MINUTE) });
    expect(await by(token)).toMatchObject({ role: 'viewer' });
    now += 2 * MINUTE;
    expect(await by(token)).toBe('not_signed_in');
  });

  it('go on while the issuer does not answer, where they or their keys are known', async () => {
    const token = await issuer.token('ec', { exp });
    const other = await issuer.token('rsa', { exp });
    await by(token);
    issuer.answer((response) => response.destroy());
    now += 30 * MINUTE;
    expect([await by(token), await by(other)]).toMatchObject([{ role: 'viewer' }, { role: 'viewer' }]);
    await until(() => missing.length === 1);
  });

  it('of an issuer that never answered are refused, and why is told once in 5 s', async () => {
    issuer.answer((response) => response.destroy());
    for (let nth = 0; nth < 5; nth += 1)
      expect(await signedIn('ec', { exp, jti: String(nth) })).toBe('not_signed_in');
    expect([issuer.fetches, missing]).toEqual([1, [expect.any(String)]]);
    issuer.answer();
    now += 5_000;
    expect(await signedIn('ec', { exp })).toMatchObject({ role: 'viewer' });
  });

  it('are verified soon where the clock was set back meanwhile', async () => {
    issuer.answer((response) => response.destroy());
    expect(await signedIn('ec', { exp })).toBe('not_signed_in');
    issuer.answer();
    now -= 60 * MINUTE;
    expect(await signedIn('ec', { exp })).toMatchObject({ role: 'viewer' });
  });

  it.each<[string, string, Parameters<TokenIssuer['answer']>[0]]>([
    ['no JSON', 'the answer is no JSON Web Key Set', (response) => response.end('<html>')],
    ['other JSON', 'the answer is no JSON Web Key Set', (response) => response.end('[]')],
    ['2 MiB', 'the answer is longer than 1048576 bytes', (response) => response.end('x'.repeat(2 ** 21))],
    ['an error', 'the answer has the status 500', (response) => response.writeHead(500).end()],
    [
      'another place',
      'the answer has the status 302',
      (response) => response.writeHead(302, { location: '/' }).end(),
    ],
  ])('cannot be verified by %s', async (_, cause, manner) => {
    issuer.answer(manner);
    expect(await signedIn('ec', { exp })).toBe('not_signed_in');
    expect([issuer.fetches, missing]).toEqual([1, [cause]]);
  });

  it('that the issuer no longer stands for are refused after 10 minutes', async () => {
    await signedIn('ec', { exp });
    issuer.answer((response) => response.end('{"keys":[]}'));
    now += 10 * MINUTE;
    await until(async () => {
      now += 1_000;
      return (await signedIn('ec', { exp, jti: String(now) })) === 'not_signed_in';
    });
    expect(issuer.fetches).toBe(2);
  });

  /** As many verifications as one second allows. */
  async function flood(): Promise<void> {
    const stranger = await issuer.token('ec', { exp, sub: 'stranger' });
    for (let nth = 0; nth < 200; nth += 1) expect(await by(`${stranger}${nth}`)).toBe('not_signed_in');
    expect(await by(`${stranger}200`)).toBe('busy');
  }

  it('beyond 200 verifications in a second are answered busy, and those that are known are not', async () => {
    const known = await issuer.token('ec', { exp });
    const ending = await issuer.token('ec', { exp: inSeconds(NOON + MINUTE) });
    const [first] = [await by(known), await by(ending)];
    now += 6 * MINUTE;
    await flood();
    expect([await by(known), await by(ending)]).toEqual([first, 'busy']);
    now += 1_000;
    await flood();
  });

  it('that were refused when they were verified anew are not known any more', async () => {
    const token = await issuer.token('ec', { exp });
    await by(token);
    issuer.answer((response) => response.end('{"keys":[]}'));
    now += 10 * MINUTE;
    await until(async () => {
      now += 6 * MINUTE;
      return (await by(token)) === 'not_signed_in';
    });
    now += 1_000;
    await flood();
    expect(await by(token)).toBe('busy');
  });

  it('stay known where other credentials are taken up, unless their issuers changed', async () => {
    const token = await issuer.token('ec', { exp });
    const first = await by(token);
    take();
    expect(by(token)).toBe(first);
    take('sub', 'another');
    expect(await by(token)).toBe('not_signed_in');
  });

  it('go by the public keys that are known where only the grants of their issuer changed', async () => {
    const token = await issuer.token('ec', { exp });
    await by(token);
    issuer.answer((response) => response.destroy());
    take('aud', issuer.audience);
    expect(await by(token)).toMatchObject({ role: 'viewer' });
    expect(issuer.fetches).toBe(1);
  });
});
