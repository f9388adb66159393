import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { completeServer, NamedFiles } from '#config';
import { logMisled } from './file-headers.js';
import { Registry } from './registry.js';

const CA = '-----BEGIN CERTIFICATE-----\n';
const files = new NamedFiles(
  '/',
  new Map([
    ['/secrets', { text: 'authorization: Bearer secret' }],
    ['/ca', { text: CA }],
  ]),
);
const inFile = completeServer(
  'a',
  'file',
  { grpc: 'Host:1', headersFile: 'secrets', tls: { ca: 'ca' } },
  files,
);

/** What the API makes of the server: which keys mislead, and the headers that are sent. */
function said(spec: object, below = inFile): [readonly string[], object] {
  const told = { revision: 1, spec: { ...spec }, drain: null };
  const { misleading, config } = new Registry([below], new Map([['a', told]])).get('a')!;
  return [misleading, config.headers];
}

const SECRET = { authorization: 'Bearer secret' };

describe('headers that the file gives', () => {
  it('are sent to no address but that of the file', () => {
    const inline = completeServer('a', 'file', { grpc: 'Host:1', headers: SECRET });
    expect(said({ grpc: 'elsewhere:1' }, inline)).toEqual([['grpc'], {}]);
    expect(said({ grpc: 'elsewhere:1' })).toEqual([['grpc'], {}]);
    expect(said({ grpc: 'host:1', labels: { zone: 'b' } })).toEqual([[], SECRET]);
  });

  it('are sent over no TLS but that of the file', () => {
    expect(said({ grpc: 'host:1', tls: {} })).toEqual([['tls'], {}]);
    expect(said({ grpc: 'host:1', tls: {} }, { ...inFile, tls: null })).toEqual([[], SECRET]);
  });

  it('are told to be left out', () => {
    const told = new Map([['a', { revision: 1, spec: { grpc: 'elsewhere:1' }, drain: null }]]);
    const lines: string[] = [];
    const log = { warn: (_: object, words: string) => void lines.push(words) };
    logMisled(new Registry([inFile], told).all(), log as Pick<Logger, 'warn'>);
    logMisled(new Registry([inFile], new Map()).all(), log as Pick<Logger, 'warn'>);
    expect(lines).toEqual(['server a: called without the headers of the file']);
  });

  it('keep nothing from being changed beside headers of the API', () => {
    expect(said({ grpc: 'elsewhere:1', tls: {}, headers: { own: '1' } })).toEqual([[], { own: '1' }]);
  });

  it('bind no server that has none', () => {
    const without = completeServer('a', 'file', { grpc: 'Host:1', headers: {} });
    expect(said({ grpc: 'elsewhere:1' }, without)).toEqual([[], {}]);
  });
});
