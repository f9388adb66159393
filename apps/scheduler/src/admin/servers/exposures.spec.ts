import { beforeEach, describe, expect, it } from '@jest/globals';
import { completeServer, type ServerSpec } from '#config';
import { ExposureLog, exposuresOf } from './exposures.js';
import { Registry } from './registry.js';

const server = (spec: Partial<ServerSpec> = {}) =>
  completeServer('a', 'file', { grpc: 'node-1:8001', ...spec });

const KEY = { 'triton-grpc-protocol-infer-key': 'secret' };

describe('what is exposed about a server', () => {
  it.each([
    ['2.51.0', true],
    ['2.70.0', true],
    ['1.99.0', true],
    ['2.71.0', false],
    ['2.73.0dev', false],
    ['2.100.0', false],
    ['10.1.0', false],
    ['unknown', false],
  ])('is an old version where it is older than 2.71: %s %s', (version, isOld) => {
    const flags = exposuresOf(server({ headers: KEY }), version);
    expect(flags).toEqual(isOld ? ['old_version'] : []);
  });

  it.each(['127.0.0.1:8001', '[::1]:8001', 'localhost:8001'])('is no control over loopback: %s', (grpc) => {
    expect(exposuresOf(server({ grpc }), null)).toEqual([]);
  });

  it('is control over a network without a key, whatever other headers and TLS there are', () => {
    expect(exposuresOf(server(), null)).toEqual(['open_control']);
    expect(exposuresOf(server({ headers: { authorization: 'x' }, tls: {} }), null)).toEqual(['open_control']);
    expect(exposuresOf(server({ headers: KEY }), null)).toEqual([]);
    expect(exposuresOf({ ...server(), headersFile: '/secrets', headers: KEY }, null)).toEqual([]);
  });
});

describe('the log of what is exposed', () => {
  let lines: string[];
  let servers: Map<string, { version: string | null }>;
  let registry: Registry;

  beforeEach(() => {
    lines = [];
    servers = new Map([['a', { version: null }]]);
    registry = new Registry([server()], new Map());
  });

  const logOf = (...quiet: string[]): ExposureLog => {
    const write =
      (level: string) =>
      (_: object, message: string): void =>
        void lines.push(`${level} ${message}`);
    const log = { warn: write('warn'), info: write('info') };
    return new ExposureLog({ fleet: { servers } } as never, registry, log as never, new Set(quiet));
  };

  it('has one line when it begins, and one when it is over', () => {
    const log = logOf();
    log.look();
    servers.set('a', { version: '2.51.0' });
    log.look();
    log.look();
    registry.setBase([server({ headers: KEY })]);
    servers.set('a', { version: '2.71.0' });
    log.look();
    expect(lines).toEqual([
      'warn server a: open_control, it is controlled over a network without the key of a restricted protocol',
      'warn server a: old_version, Triton is older than 2.71 and lacks fixes of security holes',
      'info server a: no longer old_version',
      'info server a: no longer open_control',
    ]);
  });

  it('begins anew for a server that was forgotten and comes back', () => {
    const log = logOf();
    log.look();
    registry.setBase([]);
    registry.release('a');
    log.look();
    registry.setBase([server()]);
    log.look();
    expect(lines).toHaveLength(2);
  });

  it('says nothing of what only simulates a server', () => {
    logOf('a').look();
    expect(lines).toEqual([]);
  });
});
