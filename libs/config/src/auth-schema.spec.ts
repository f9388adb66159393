import { describe, expect, it } from '@jest/globals';
import { ROLES } from '#access';
import { type AuthConfig, formatError, readConfig, restartKeys, type Config } from './index.js';

const HASH = `sha256:${'0a'.repeat(32)}`;
const OTHER_HASH = `sha256:${'1b'.repeat(32)}`;
/** As `berthctl key new` makes them. */
const KEY = `berth_gw_${'x'.repeat(42)}A`;
const ISSUER = 'issuer: "https://i", audience: berth, jwks: "https://i/keys"';
const JWKS_RULE = 'must be an https:// URL, or http:// to a loopback address, without credentials';

describe('auth in the file', () => {
  it('is null where it is left out: callers are not told apart', () => {
    expect(accepted('fleet: a').auth).toBeNull();
    expect(authOf('auth: {}')).toEqual({ keys: [], jwt: [], certificates: [] });
  });

  it('takes keys as they are printed', () => {
    const text = `auth: { keys: [{ id: gw-risk, hash: "${HASH}", role: gateway, tenant: risk, maxClass: default, maxLeaseMs: 5000, expires: 2027-01-31T01:00:00+01:00 }, { id: b, hash: "${OTHER_HASH}", role: admin }] }`;
    expect(authOf(text).keys).toEqual([
      {
        ...{
          id: 'gw-risk',
          hash: '0a'.repeat(32),
          role: 'gateway',
          tenant: 'risk',
          maxClass: 'default',
          maxLeaseMs: 5_000,
        },
        expiresAt: Date.parse('2027-01-31T00:00:00Z'),
      },
      { id: 'b', hash: '1b'.repeat(32), role: 'admin', tenant: null, maxClass: null, expiresAt: null },
    ]);
  });

  it('takes issuers of tokens, and certificates', () => {
    const san = 'URI:spiffe://cluster/ns/keda/sa/keda-operator';
    const text = `auth: { jwt: [{ ${ISSUER}, grants: [{ claim: sub, equals: ci, role: viewer }] }], certificates: [{ san: "${san}", role: autoscaler, tenant: keda }] }`;
    expect(authOf(text)).toEqual({
      keys: [],
      jwt: [
        {
          ...{ issuer: 'https://i', audience: 'berth', jwks: 'https://i/keys' },
          grants: [{ claim: 'sub', equals: 'ci', role: 'viewer', tenant: null, maxClass: null }],
        },
      ],
      certificates: [{ san, role: 'autoscaler', tenant: 'keda', maxClass: null }],
    });
  });

  it('knows the roles of libs/access, and no other', () => {
    const keys = ROLES.map(
      (role, at) => `{ id: k${at}, hash: "sha256:${String(at).repeat(64)}", role: ${role} }`,
    );
    expect(authOf(`auth: { keys: [${keys.join(', ')}] }`).keys.map(({ role }) => role)).toEqual(ROLES);
    expect(lines(key('role: root'))).toEqual([`auth.keys[0].role: must be one of ${ROLES.join(', ')}`]);
  });

  it.each([
    'http://127.0.0.1:9000/keys',
    'http://localhost/keys',
    'http://[::1]:9000/keys',
    'https://i/keys',
  ])('fetches public keys from %s', (jwks) => {
    expect(lines(issuer(`issuer: i, audience: b, jwks: "${jwks}", grants: []`))).toEqual([]);
  });

  it.each(['http://keys.example/k', 'http://127.0.0.1.example/k', 'https://me:secret@i/k', 'file:///k', 'i'])(
    'does not fetch public keys from %s',
    (jwks) => {
      expect(lines(issuer(`issuer: i, audience: b, jwks: "${jwks}", grants: []`))).toEqual([
        `auth.jwt[0].jwks: ${JWKS_RULE}`,
      ]);
    },
  );

  it.each([
    ['a key in clear', key(`hash: ${KEY}`), 'keys[0].hash: must be sha256: and 64 lower-case hexadecimal'],
    ['a key in the place of its name', key(`id: ${KEY}`), 'keys[0].id: must not be a key'],
    ['a key as a tenant', key(`tenant: ${KEY}`), 'keys[0].tenant: must not be a key'],
    ['a hash of another kind', key('hash: "md5:00"'), 'keys[0].hash: must be sha256: and 64 lower-case'],
    ['upper case', key(`hash: "${HASH.toUpperCase()}"`), 'keys[0].hash: must be sha256: and 64 lower-case'],
    ['a name that is none', key('id: a/b'), 'keys[0].id: must be a name'],
    ['a day', key('expires: 2027-01-31'), 'keys[0].expires: must be a time of RFC 3339'],
    ['a time without a zone', key('expires: 2027-01-31T00:00:00'), 'keys[0].expires: must be a time of RFC'],
    ['no such day', key('expires: 2027-02-30T00:00:00Z'), 'keys[0].expires: must be a time of RFC 3339'],
    [
      'too long a lease',
      key('maxLeaseMs: 600001'),
      'keys[0].maxLeaseMs: must be a whole number of milliseconds from 1 to 600000',
    ],
    ['no such class', key('maxClass: high'), 'keys[0].maxClass: must be one of critical, default, sheddable'],
    ['an empty tenant', key('tenant: ""'), 'keys[0].tenant: must have 1 to 256 characters'],
    ['a tenant of two lines', key('tenant: "a\\nb"'), 'keys[0].tenant: must have 1 to 256 characters'],
    ['an unknown key', key('roles: [a]'), 'keys[0].roles: is not a known key'],
    ['no list', 'auth: { keys: {} }', 'keys: must be a list'],
    ['no grants', issuer(ISSUER), 'jwt[0].grants: is required'],
    [
      'no SAN',
      'auth: { certificates: [{ san: keda, role: viewer }] }',
      'certificates[0].san: must be URI: or',
    ],
    [
      'two SANs',
      'auth: { certificates: [{ san: "DNS:a, DNS:b", role: viewer }] }',
      'certificates[0].san: must',
    ],
  ])('refuses %s with its path', (_, text, words) => {
    expect(lines(text)).toEqual([expect.stringContaining(`auth.${words}`)]);
  });

  it('refuses what is there twice', () => {
    const keys = `[{ id: a, hash: "${HASH}", role: admin }, { id: a, hash: "${OTHER_HASH}", role: admin }, { id: c, hash: "${HASH}", role: admin }]`;
    const jwt = `[{ ${ISSUER}, grants: [] }, { ${ISSUER}, grants: [] }]`;
    const certificates = '[{ san: "DNS:a", role: viewer }, { san: "DNS:a", role: admin }]';
    expect(lines(`auth: { keys: ${keys}, jwt: ${jwt}, certificates: ${certificates} }`)).toEqual([
      'auth.keys[1].id: must be unique: another key has it too',
      'auth.keys[2].hash: must be unique: another key has it too',
      'auth.jwt[1].issuer: must be unique: another entry has it too',
      'auth.certificates[1].san: must be unique: another entry has it too',
    ]);
  });

  it('has bounds', () => {
    const many = (count: number, entry: object): string => JSON.stringify(Array(count).fill(entry));
    const grants = many(1_001, { claim: 'a', equals: 'b', role: 'viewer' });
    expect(lines(issuer(`${ISSUER}, grants: ${grants}`))).toEqual([
      'auth.jwt[0].grants: must have at most 1000 entries',
    ]);
    expect(lines(`auth: { keys: ${many(10_001, {})} }`)).toContain(
      'auth.keys: must have at most 10000 entries',
    );
    expect(lines(`auth: { jwt: ${many(17, {})} }`)).toContain('auth.jwt: must have at most 16 entries');
    expect(lines(`auth: { certificates: ${many(1_001, {})} }`)).toContain(
      'auth.certificates: must have at most 1000 entries',
    );
  });

  it('repeats no key in what it says, wherever the key was put', () => {
    const places = [
      key(`hash: ${KEY}`),
      key(`id: "${KEY} "`),
      key(`${KEY}: 1`),
      `${KEY}: 1`,
      key(`role: ${KEY}`),
      key(`hash: *${KEY}`),
      key(`hash: !${KEY} x`),
    ];
    for (const text of places) {
      const told = lines(text);
      expect(told.length).toBeGreaterThan(0);
      expect(told.join('\n')).not.toContain(KEY.slice(-43));
    }
  });

  it('is taken up without a restart', () => {
    expect(restartKeys(accepted('fleet: berth'), accepted('auth: {}'))).toEqual([]);
  });
});

/** A file with one key that is right but for what is written. */
function key(written: string): string {
  const whole: Record<string, string> = { id: 'a', hash: `"${HASH}"`, role: 'gateway' };
  const rest = Object.entries(whole).filter(([name]) => !written.startsWith(`${name}:`));
  return `auth: { keys: [{ ${[...rest.map(([name, value]) => `${name}: ${value}`), written].join(', ')} }] }`;
}

function issuer(written: string): string {
  return `auth: { jwt: [{ ${written} }] }`;
}

function lines(text: string): string[] {
  const result = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
  return result.ok ? [] : result.errors.map((error) => formatError(error));
}

function accepted(text: string): Config {
  const result = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
  if (!result.ok) throw new Error(result.errors.map((error) => formatError(error)).join('\n'));
  return result.config;
}

function authOf(text: string): AuthConfig {
  const { auth } = accepted(text);
  if (auth === null) throw new Error('there is no auth');
  return auth;
}
