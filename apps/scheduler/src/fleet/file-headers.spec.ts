import { describe, expect, it } from '@jest/globals';
import { completeServer } from '#config';
import { fileHeadersElsewhere } from './file-headers.js';
import { Registry } from './registry.js';

const CA = '-----BEGIN CERTIFICATE-----\n';
const files = {
  folder: '/',
  texts: new Map([
    ['/secrets', { text: 'authorization: Bearer secret' }],
    ['/ca', { text: CA }],
  ]),
};
const inFile = completeServer(
  'a',
  'file',
  { grpc: 'Host:1', headersFile: 'secrets', tls: { ca: 'ca' } },
  files,
).server;

/** What is refused where the API says this of the server. */
function refused(spec: object, below = inFile): string[] {
  const after = new Registry([below], new Map()).entryWith('a', {
    revision: 1,
    spec: { ...spec },
    drain: null,
  });
  return fileHeadersElsewhere(after!.config, below).map(({ path }) => path);
}

describe('headers that the file names in headersFile', () => {
  it('are sent to no address but that of the file', () => {
    expect(inFile.headers).toEqual({ authorization: 'Bearer secret' });
    expect(refused({ grpc: 'elsewhere:1' })).toEqual(['grpc']);
    expect(refused({ grpc: 'host:1', labels: { zone: 'b' } })).toEqual([]);
  });

  it('are sent over no TLS but that of the file', () => {
    expect(refused({ grpc: 'host:1', tls: {} })).toEqual(['tls']);
    expect(refused({ grpc: 'host:1', tls: {} }, { ...inFile, tls: null })).toEqual([]);
  });

  it('keep nothing from being changed beside headers of the API', () => {
    expect(refused({ grpc: 'elsewhere:1', tls: {}, headers: {} })).toEqual([]);
  });

  it('bind no server that has none', () => {
    expect(refused({ grpc: 'elsewhere:1' }, { ...inFile, headersFile: null })).toEqual([]);
  });
});
