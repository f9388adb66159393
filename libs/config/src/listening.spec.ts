import { describe, expect, it } from '@jest/globals';
import { addressText } from './address.js';
import { type Config, type Flags, formatError, isBeyondLoopback, readConfig, restartKeys } from './index.js';

describe('where Berth listens', () => {
  it('is loopback, in the clear, where nothing is said', () => {
    const config = accepted('');
    expect(addresses(config)).toEqual(['127.0.0.1:7080', '127.0.0.1:7081']);
    expect([config.tls, config.insecureListen, isBeyondLoopback(config)]).toEqual([null, false, false]);
  });

  it.each([
    ['listen: 0.0.0.0', {}, {}, '0.0.0.0:7080', '0.0.0.0:7081'],
    ['listen: "::"', {}, {}, '[::]:7080', '[::]:7081'],
    ['listen: "[::1]"', {}, {}, '[::1]:7080', '[::1]:7081'],
    ['listen: null', {}, {}, '127.0.0.1:7080', '127.0.0.1:7081'],
    ['', { BERTH_LISTEN: 'berth.example' }, {}, 'berth.example:7080', 'berth.example:7081'],
    ['', { BERTH_LISTEN: '' }, {}, '127.0.0.1:7080', '127.0.0.1:7081'],
    [
      'listen: 10.0.0.1',
      { BERTH_LISTEN: '10.0.0.2' },
      { listen: '10.0.0.3' },
      '10.0.0.3:7080',
      '10.0.0.3:7081',
    ],
    ['{ listen: 0.0.0.0, http: "127.0.0.1:80" }', {}, {}, '127.0.0.1:80', '0.0.0.0:7081'],
    ['http: 127.0.0.1:80', { BERTH_LISTEN: '0.0.0.0' }, {}, '0.0.0.0:80', '0.0.0.0:7081'],
    ['listen: 0.0.0.0', { BERTH_GRPC: '127.0.0.1:81' }, {}, '0.0.0.0:7080', '127.0.0.1:81'],
    ['', { BERTH_HTTP: '127.0.0.1:80' }, { listen: '0.0.0.0' }, '0.0.0.0:80', '0.0.0.0:7081'],
  ])('is by the file %j, %j and the flags %j %s and %s', (text, env, flags, http, grpc) => {
    expect(addresses(accepted(text, env, flags))).toEqual([http, grpc]);
  });

  it.each(['listen: 0.0.0.0', 'http: 192.0.2.1:7080', 'grpc: "[::]:7081"', 'grpc: berth.example:7081'])(
    'has TLS by an authority of its own with %s',
    (text) => {
      const config = accepted(text);
      expect(isBeyondLoopback(config)).toBe(true);
      expect(config.tls).toEqual({ pair: null, clientCa: null });
    },
  );

  it('has TLS as the section says, on loopback too', () => {
    expect(accepted('tls: {}').tls).toEqual({ pair: null, clientCa: null });
    expect(accepted('tls: { names: [berth.example, 192.0.2.1, "::2", "[::3]"] }').names).toEqual([
      'berth.example',
      '192.0.2.1',
      '::2',
      '::3',
    ]);
    expect(accepted('tls: { cert: a.crt, key: /etc/a.key, clientCa: c.crt }').tls).toEqual({
      pair: { cert: '/etc/berth/a.crt', key: '/etc/a.key' },
      clientCa: '/etc/berth/c.crt',
    });
  });

  it('has no TLS where the section says off', () => {
    expect(accepted('{ tls: off, listen: 0.0.0.0 }')).toMatchObject({ tls: null, names: [] });
    expect(accepted('{ tls: { off: true, names: [a] }, listen: 0.0.0.0 }')).toMatchObject({
      tls: null,
      names: ['a'],
    });
  });

  it('needs a restart for another', () => {
    expect(restartKeys(accepted(''), accepted('{ listen: 10.0.0.1, tls: { names: [a] } }'))).toEqual([
      'http',
      'grpc',
      'tls',
      'names',
    ]);
  });

  it('may be without authentication beyond loopback by the flag alone', () => {
    const flags = { insecureListen: true, listen: '0.0.0.0' };
    expect(accepted('', {}, flags).insecureListen).toBe(true);
    expect(refused('insecureListen: true')).toEqual(['insecureListen: is not a known key']);
    expect(refused('', {}, { insecureListen: true })).toEqual([
      '--insecure-listen: must go with an address beyond loopback in listen, http or grpc',
    ]);
    expect(refused('auth: {}', {}, flags)).toEqual(['--insecure-listen: must not be given beside auth']);
  });

  const HOST = 'must be an IP address or a host name, without a port: http and grpc give ports';
  const TLS = 'must be off, or a mapping that may have off, cert and key, clientCa and names';

  it.each([
    ['listen: 0.0.0.0:7080', {}, `listen: ${HOST}`],
    ['listen: "[::]:7080"', {}, `listen: ${HOST}`],
    ['listen: ""', {}, `listen: ${HOST}`],
    ['listen: 1.2.3', {}, `listen: ${HOST}`],
    ['listen: 80', {}, 'listen: must be a string'],
    ['', { BERTH_LISTEN: 'a b' }, `BERTH_LISTEN: ${HOST}`],
    ['tls: on', {}, `tls: ${TLS}`],
    ['tls: false', {}, `tls: ${TLS}`],
    ['tls: null', {}, `tls: ${TLS}`],
    ['tls: { ca: a }', {}, 'tls.ca: is not a known key'],
    ['tls: { cert: 1, key: a }', {}, 'tls.cert: must be a string'],
    ['tls: { cert: "", key: a }', {}, 'tls.cert: must not be empty'],
    ['tls: { cert: a }', {}, 'tls: must have both cert and key, or neither'],
    ['tls: { key: a }', {}, 'tls: must have both cert and key, or neither'],
    [
      'tls: { cert: a, key: b, names: [c] }',
      {},
      'tls.names: must not be given beside cert, which has names of its own',
    ],
    ['tls: { off: true, clientCa: a }', {}, 'tls.clientCa: must not be given beside off'],
    ['tls: { off: true, cert: a }', {}, 'tls.cert: must not be given beside off'],
    ['tls: { off: false }', {}, 'tls.off: must be true'],
    ['tls: { names: [a/b] }', {}, `tls.names[0]: ${HOST}`],
    ['tls: { names: a }', {}, 'tls.names: must be a list'],
    [
      `tls: { names: [${Array<string>(101).fill('a').join(',')}] }`,
      {},
      'tls.names: must have at most 100 entries',
    ],
  ])('is refused with %s %j', (text, env, rule) => {
    expect(refused(text, env)).toEqual([rule]);
  });

  it('tells of a bad flag by its name', () => {
    expect(refused('', {}, { listen: ':' })).toEqual([`--listen: ${HOST}`]);
  });
});

const read = (text: string, env: Record<string, string>, flags: Partial<Flags>) =>
  readConfig({ file: { path: '/etc/berth/berth.yaml', text }, env, flags: { triton: [], ...flags } });

function accepted(text: string, env: Record<string, string> = {}, flags: Partial<Flags> = {}): Config {
  const result = read(text, env, flags);
  if (!result.ok) throw new Error(result.errors.map((error) => formatError(error)).join('\n'));
  return result.config;
}

function refused(text: string, env: Record<string, string> = {}, flags: Partial<Flags> = {}): string[] {
  const result = read(text, env, flags);
  return result.ok ? [] : result.errors.map((error) => formatError(error));
}

const addresses = ({ http, grpc }: Config): string[] => [addressText(http), addressText(grpc)];
