import { describe, expect, it } from '@jest/globals';
import { EVENT_TYPES } from './endpoints-schema.js';
import { readConfig } from './read-config.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const URL = 'https://hooks.example.com/berth?key=1';

describe('webhooks.endpoints', () => {
  it('is nothing by default', () => {
    expect(read(undefined)).toMatchObject({ ok: true, config: { webhooks: { endpoints: [] } } });
  });

  it('has all events, and the host as name, where these are left out', () => {
    const result = read([{ url: URL, secretFile: 's' }]);
    expect(result.ok && result.config.webhooks.endpoints).toEqual([
      {
        name: 'hooks.example.com',
        url: URL,
        secrets: [new Uint8Array(32).fill(7)],
        events: EVENT_TYPES,
        allowPrivate: false,
      },
    ]);
  });

  it('takes several secrets, so that they can be changed without a gap', () => {
    const other = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
    const result = read([{ url: URL, secretFile: 's' }], `${SECRET}\r\n${other}\n`);
    expect(result.ok && result.config.webhooks.endpoints[0]!.secrets.map(({ length }) => length)).toEqual([
      32, 24,
    ]);
  });

  it.each([
    [{ url: 'http://hooks.example.com/' }, 'url', 'must be an https:// URL'],
    [{ url: 'ftp://hooks.example.com/' }, 'url', 'must be an https:// URL'],
    [{ url: 'https://me:secret@hooks.example.com/' }, 'url', 'must be an https:// URL'],
    [{ url: 'https://hooks.example.com/#a' }, 'url', 'must be an https:// URL'],
    [{ url: 'not a url' }, 'url', 'must be an https:// URL'],
    [{ url: undefined }, 'url', 'is required'],
    [{ secretFile: undefined }, 'secretFile', 'is required'],
    [{ secretFile: 'other' }, 'secretFile', 'must name a file that can be read'],
    [{ events: [] }, 'events', 'must have at least 1 entry'],
    [{ events: ['server.found'] }, 'events[0]', 'must be one of fleet.pressure'],
    [{ secret: SECRET }, 'secret', 'is not a known key'],
    [{ url: 'https://[2606:4700::1]/' }, 'name', 'must be unique'],
  ])('refuses %j, and says where and why', (changed, key, rule) => {
    const first = { url: 'https://a.example/', secretFile: 's', name: '2606-4700--1-' };
    const errors = errorsOf(read([first, { url: URL, secretFile: 's', ...changed }]));
    expect(errors).toEqual([
      { path: `webhooks.endpoints[1].${key}`, rule: expect.stringContaining(rule), line: expect.any(Number) },
    ]);
    expect(JSON.stringify(errors)).not.toContain(SECRET.slice(6));
  });

  it.each([
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://localhost:8443/'],
    ...['https://10.1.2.3/', 'https://192.168.0.1/', 'https://172.31.0.1/', 'https://169.254.169.254/'],
    ...['https://100.64.0.1/', 'https://0.0.0.0/', 'https://224.0.0.1/', 'https://255.255.255.255/'],
    ...['https://[::1]/', 'https://[::]/', 'https://[::ffff:10.0.0.1]/', 'https://[fd00:ec2::254]/'],
    ...['https://[fe80::1]/', 'https://[64:ff9b::a00:1]/', 'https://[2002:a00:1::]/', 'https://a.localhost/'],
  ])('refuses the private target %s unless that is allowed', (url) => {
    const entry = { name: 'ops', url, secretFile: 's' };
    expect(errorsOf(read([entry]))).toMatchObject([
      { path: 'webhooks.endpoints[0].url', rule: expect.stringContaining('private network') },
    ]);
    expect(read([{ ...entry, allowPrivate: true }]).ok).toBe(true);
  });

  it.each(['https://8.8.8.8/', 'https://[2606:4700::1]/', 'https://hooks.internal/'])('takes %s', (url) => {
    expect(read([{ name: 'ops', url, secretFile: 's' }]).ok).toBe(true);
  });

  it.each([
    ...['', 'whsec_', SECRET.slice(0, 30), `${SECRET}\nmore`, SECRET.replace('whsec_', 'whpk_')],
    ...[` ${SECRET}`, `${SECRET}\n`.repeat(5), `whsec_${Buffer.alloc(65).toString('base64')}`],
  ])('refuses a file of secrets with anything else: case %#', (text) => {
    const errors = errorsOf(read([{ url: URL, secretFile: 's' }], text));
    expect(errors).toMatchObject([
      { path: 'webhooks.endpoints[0].secretFile', rule: expect.stringContaining('1 to 4 secrets') },
    ]);
    expect(JSON.stringify(errors)).not.toContain(SECRET.slice(6, 30));
  });

  it('refuses two with one name, and more than 8', () => {
    const entry = { url: URL, secretFile: 's' };
    expect(errorsOf(read([entry, entry]))).toMatchObject([{ path: 'webhooks.endpoints[1].name' }]);
    const many = Array.from({ length: 9 }, (_, nth) => ({ ...entry, name: `e${nth}` }));
    expect(errorsOf(read(many))).toMatchObject([{ rule: 'must have at most 8 entries' }]);
  });
});

type Result = ReturnType<typeof readConfig>;

function read(endpoints: readonly object[] | undefined, secrets = SECRET): Result {
  const text = endpoints === undefined ? '' : JSON.stringify({ webhooks: { endpoints } }, null, 1);
  return readConfig({
    file: { path: '/etc/berth/berth.yaml', text },
    env: {},
    flags: { triton: [] },
    files: new Map([['/etc/berth/s', { text: secrets }]]),
  });
}

const errorsOf = (result: Result) => (result.ok ? [] : result.errors);
