import { describe, expect, it } from '@jest/globals';
import { type Config, peerSelf, readConfig } from './index.js';

type Files = Readonly<Record<string, string>>;

const KEY = 'k'.repeat(32);
const PEM = '-----BEGIN CERTIFICATE-----';

function result(text: string, env: Record<string, string> = {}, files: Files = {}) {
  const texts = new Map(Object.entries(files).map(([path, content]) => [path, { text: content }] as const));
  return readConfig({ file: { path: '/etc/berth.yaml', text }, env, flags: { triton: [] }, files: texts });
}

function config(text: string, env: Record<string, string> = {}, files: Files = {}): Config {
  const read = result(text, env, files);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.config;
}

function refusals(text: string, env: Record<string, string> = {}, files: Files = {}): string[] {
  const read = result(text, env, files);
  return read.ok ? [] : read.errors.map(({ path, rule }) => `${path}: ${rule}`);
}

describe('the section redis', () => {
  it('is none unless it is given', () => {
    expect(config('fleet: a')).toMatchObject({
      redis: null,
      staleRoutes: 'serve',
      peer: { name: null, http: null, grpc: null, key: null, ca: null },
    });
  });

  it('is one server by a URL, whose parts are decoded', () => {
    expect(config('redis: { url: "rediss://me:p%40ss@r.example/3", confirm: 2 }').redis).toEqual({
      place: { kind: 'server', address: { host: 'r.example', port: 6379 } },
      username: 'me',
      password: 'p@ss',
      sentinelPassword: null,
      database: 3,
      tls: { ca: null, cert: null, key: null },
      keyPrefix: 'berth',
      confirm: 2,
      profile: 'default',
    });
    expect(config('redis: { url: "redis://[::1]:7000" }').redis).toMatchObject({
      place: { address: { host: '::1', port: 7000 } },
      confirm: 0,
      tls: null,
    });
  });

  it('is a group with Sentinels, with passwords in files', () => {
    const text =
      'redis: { sentinels: ["a:1", "[::1]:2"], name: m, username: u, passwordFile: p, sentinelPasswordFile: /s, profile: fast }';
    expect(config(text, {}, { '/etc/p': 'secret\n', '/s': 'other' }).redis).toMatchObject({
      place: {
        kind: 'sentinels',
        sentinels: [
          { host: 'a', port: 1 },
          { host: '::1', port: 2 },
        ],
        name: 'm',
      },
      ...{ username: 'u', password: 'secret', sentinelPassword: 'other', database: 0 },
      ...{ confirm: 1, profile: 'fast' },
    });
  });

  it('is where the environment says', () => {
    const env = { BERTH_REDIS_URL: 'redis://other:1' };
    const place = { kind: 'server', address: { host: 'other', port: 1 } };
    expect(config('', env).redis).toMatchObject({ place, keyPrefix: 'berth' });
    const group = 'redis: { sentinels: ["a:1"], name: m, keyPrefix: x }';
    expect(config(group, env).redis).toMatchObject({ place, keyPrefix: 'x', confirm: 0 });
  });

  it.each([
    ['redis: {}', 'redis: must have a url or sentinels'],
    ['redis: { sentinels: ["a:1"] }', 'redis.name: is required beside sentinels'],
    [
      'redis: { url: redis://a, sentinels: ["a:1"], name: m }',
      'redis.sentinels: must not be given beside url|redis.name: must go with sentinels, and not with url',
    ],
    ['redis: { url: redis://a, database: 1 }', 'redis.database: must go with sentinels, and not with url'],
    [
      'redis: { url: redis://a, tls: {} }',
      'redis.tls: must not be given beside a redis:// url: rediss:// is TLS',
    ],
    ['redis: { url: redis://a, username: u }', 'redis.username: must go with passwordFile'],
    ['redis: { url: redis://a, profile: slow }', 'redis.profile: must be one of default, fast'],
    ['redis: { url: redis://a, keyPrefix: "a:b" }', /^redis.keyPrefix: must be a name/],
    ['redis: { url: redis://a, confirm: -1 }', 'redis.confirm: must be a whole number from 0 to 8'],
    ['staleRoutes: maybe', 'staleRoutes: must be one of serve, stop'],
    ['peer: { http: "http://a/b" }', 'peer.http: must be http:// or https:// and a host, and at most a port'],
    ['peer: { grpc: "a" }', /^peer.grpc: must be host:port/],
    ['peer: { keyFile: missing }', /^peer.keyFile: must name a file that can be read/],
  ])('refuses %s', (text, rule) => {
    if (rule instanceof RegExp) expect(refusals(text).join('|')).toMatch(rule);
    else expect(refusals(text).join('|')).toBe(rule);
  });

  it.each([
    'http://a',
    'redis://',
    'redis://a:0',
    'redis://a/x',
    'redis://a?b=1',
    'redis-sentinel://a:1,b:2/m',
    'a:6379',
  ])('refuses the URL %s, and does not repeat it', (url) => {
    const rule = /^(redis.url|BERTH_REDIS_URL): must be redis:\/\/ or rediss:\/\//;
    for (const found of [refusals(`redis: { url: "${url}" }`), refusals('', { BERTH_REDIS_URL: url })]) {
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(rule);
    }
  });

  it('repeats no password of a URL that is refused', () => {
    const told = refusals('redis: { url: "redis://u:hunter2@host:port" }').join();
    expect(told).toContain('redis.url');
    expect(told).not.toContain('hunter2');
  });

  it('asks for all credentials beyond loopback, by their fields', () => {
    const rule = 'where several Berths on Redis listen beyond loopback';
    expect(refusals('redis: { url: redis://a }\nlisten: 10.0.0.1')).toEqual([
      `auth: is required ${rule}`,
      `tls: is required, with cert and key, ${rule}`,
      `peer.keyFile: is required ${rule}`,
      `peer.ca: is required ${rule}`,
    ]);
    const whole =
      'redis: { url: redis://a }\nlisten: 10.0.0.1\nauth: {}\ntls: { cert: c, key: k }\npeer: { keyFile: p, ca: q }';
    expect(config(whole, {}, { '/etc/p': `${KEY}\n`, '/etc/q': PEM }).peer).toMatchObject({
      key: KEY,
      ca: PEM,
    });
  });

  it('asks for the key of the peers wherever callers have to show theirs', () => {
    const both = 'redis: { url: redis://127.0.0.1 }\nauth: {}';
    expect(refusals(both)).toEqual(['peer.keyFile: is required where several Berths on Redis have auth']);
    expect(refusals(`${both}\npeer: { keyFile: p }`, {}, { '/etc/p': `${KEY}\n` })).toEqual([]);
  });

  it('takes no short key, and no file of another kind', () => {
    const text = 'peer: { keyFile: p, ca: q }';
    expect(refusals(text, {}, { '/etc/p': 'short', '/etc/q': 'no' })).toEqual([
      'peer.keyFile: must name a file with one line: a key of 32 to 1024 characters, the same for all peers',
      'peer.ca: must name a PEM file',
    ]);
  });
});

describe('what the other peers are told', () => {
  const listening = { http: { host: '0.0.0.0', port: 1 }, grpc: { host: '::', port: 2 }, isTls: true };

  it('is where we listen, by the name of the host where that is every address', () => {
    expect(peerSelf(config('').peer, listening, 'node-1.example')).toEqual({
      peer: 'node-1-example-2',
      grpc: 'node-1.example:2',
      http: 'https://node-1.example:1',
    });
  });

  it('is what the configuration says', () => {
    const { peer } = config('peer: { name: a, http: "http://b:1", grpc: "c:2" }');
    expect(peerSelf(peer, listening, 'h')).toEqual({ peer: 'a', grpc: 'c:2', http: 'http://b:1' });
  });
});
