import { describe, expect, it } from '@jest/globals';
import { readConfig, type Config } from './index.js';
import type { FileText } from './small-file.js';

const METRICS_INTERVAL_RULE = 'metricsIntervalMs: must be a whole number of milliseconds from 100 to 60000';
const PEM = '-----BEGIN CERTIFICATE-----\n';
const KEY = '-----BEGIN PRIVATE KEY-----\n';
const FILES = new Map<string, FileText>([
  ['/etc/berth/headers.yaml', { text: 'triton-grpc-protocol-infer-key: secret' }],
  ['/etc/berth/bad.yaml', { text: 'Grpc-Key: secret\nx-bin: 1' }],
  ['/etc/berth/broken.yaml', { text: 'a: [' }],
  ['/etc/berth/ca.pem', { text: PEM }],
  ['/keys/cert.pem', { text: PEM }],
  ['/keys/key.pem', { text: KEY }],
  ['/etc/berth/fifo', { rule: 'must name a regular file: /etc/berth/fifo is a FIFO' }],
]);

describe('servers in the file', () => {
  it('take headers from a file beside the configuration', () => {
    const [server] = accepted('servers: [{ id: a, grpc: "h:1", headersFile: headers.yaml }]').servers;
    expect(server?.headers).toEqual({ 'triton-grpc-protocol-infer-key': 'secret' });
    expect(server?.headersFile).toBe('/etc/berth/headers.yaml');
  });

  it('take certificates and keys from files', () => {
    const tls = '{ ca: ca.pem, cert: /keys/cert.pem, key: /keys/key.pem }';
    const [one, other] = accepted(
      `servers: [{ id: a, grpc: "h:1", tls: ${tls} }, { id: b, grpc: "h:2", tls: {} }]`,
    ).servers;
    expect(one?.tls).toEqual({
      ca: PEM,
      cert: PEM,
      key: KEY,
    });
    expect(other?.tls).toEqual({ ca: null, cert: null, key: null });
  });

  it.each([
    ['headersFile: none.yaml', 'headersFile: must name a file that can be read: /etc/berth/none.yaml ('],
    ['headersFile: broken.yaml', 'headersFile: must name a YAML or JSON file of headers'],
    ['headersFile: headers.yaml, headers: {}', 'headersFile: must not be given beside headers'],
    ['headers: { Upper: a }', 'headers.Upper: must be a gRPC metadata key'],
    ['headers: { grpc-timeout: a }', 'headers.grpc-timeout: must be a gRPC metadata key'],
    ['headers: { key: "a\\nb" }', 'headers.key: must be at most 4096 printable ASCII characters'],
    ['tls: { ca: none.pem }', 'tls.ca: must name a file that can be read: /etc/berth/none.pem ('],
    ['tls: { ca: fifo }', 'tls.ca: must name a regular file: /etc/berth/fifo is a FIFO'],
    ['headersFile: fifo', 'headersFile: must name a regular file: /etc/berth/fifo is a FIFO'],
    ['tls: { ca: headers.yaml }', 'tls.ca: must name a PEM file'],
    ['tls: { cert: /keys/cert.pem }', 'tls: must have both cert and key, or neither'],
    ['tls: { key: /keys/key.pem }', 'tls: must have both cert and key, or neither'],
    ['http: 127.0.0.1:8000', 'http: must be an http:// or https:// URL without credentials'],
    ['metrics: "file:///etc/passwd"', 'metrics: must be an http:// or https:// URL without credentials'],
    [
      'metrics: "http://me:secret@h/metrics"',
      'metrics: must be an http:// or https:// URL without credentials',
    ],
    ['hostMemoryMb: 0', 'hostMemoryMb: must be a whole number of MiB from 1 to 1073741824'],
    ['strangers: kill', 'strangers: must be one of keep, adopt, retire'],
    ['discover: 1', 'discover: must be true or false'],
    ['metricsIntervalMs: 99', METRICS_INTERVAL_RULE],
    ['metricsIntervalMs: 60001', METRICS_INTERVAL_RULE],
    ['metricsIntervalMs: 1.5', METRICS_INTERVAL_RULE],
    ['metricsIntervalMs: "2000"', METRICS_INTERVAL_RULE],
    ['metricsIntervalMs: null', METRICS_INTERVAL_RULE],
    ['labels: { "": a }', 'labels[""]: must be a label key'],
    ['devices: []', 'devices: must list a device; left out, the devices are found from the metrics'],
    ['devices: [{ ordinal: 0 }]', 'devices[0].memoryMb: is required'],
    [
      'devices: [{ ordinal: -1, memoryMb: 9999 }]',
      'devices[0].ordinal: must be a whole number from 0 to 1023',
    ],
    ['devices: [{ ordinal: 0, memoryMb: 1024 }]', 'devices[0].memoryMb: must be more than headroomMb (1024)'],
    [
      'devices: [{ ordinal: 0, memoryMb: 9999 }, { ordinal: 0, memoryMb: 9999 }]',
      'devices[1].ordinal: must be unique on its server',
    ],
    [
      'devices: [{ ordinal: 0, uuid: G, memoryMb: 9999 }, { ordinal: 1, uuid: G, memoryMb: 9999 }]',
      'devices[1].uuid: must be unique on its server',
    ],
  ])('are refused for %s', (key, rule) => {
    expect(told(`servers: [{ id: a, grpc: "h:1", ${key} }]`)).toEqual([
      expect.stringContaining(`servers[0].${rule}`),
    ]);
  });

  it('hear of each bad header in a file, and of no value', () => {
    const errors = told('servers: [{ id: a, grpc: "h:1", headersFile: bad.yaml }]');
    expect(errors).toHaveLength(2);
    expect(errors[0]).toContain('servers[0].headersFile.Grpc-Key: must be a gRPC metadata key');
    expect(errors.join()).not.toContain('secret');
  });

  it('share no name and no address', () => {
    expect(
      told(
        'servers: [{ id: a, grpc: "h:1" }, { id: b, grpc: "H:1" }, { id: a, grpc: "h:2" }, { grpc: "h:0" }]',
      ),
    ).toEqual([
      'servers[3].id: is required',
      'servers[3].grpc: must be host:port with a port from 1 to 65535 (IPv6 in brackets: [::1]:8001)',
      'servers[1].grpc: must be unique: another server has it too',
      'servers[2].id: must be unique: another server has it too',
    ]);
  });

  it('of one host agree on its memory, also where the host is only implied', () => {
    const servers = [
      '{ id: a, grpc: "h:1", hostMemoryMb: 100 }',
      '{ id: b, grpc: "h:2" }',
      '{ id: c, grpc: "x:3", host: h, hostMemoryMb: 200 }',
      '{ id: d, grpc: "h:4", host: other, hostMemoryMb: 300 }',
    ];
    expect(told(`servers: [${servers.join(', ')}]`)).toEqual([
      'servers[2].hostMemoryMb: must be the same for all servers of host h (100)',
    ]);
  });
});

function read(text: string) {
  return readConfig({
    file: { path: '/etc/berth/berth.yaml', text },
    env: {},
    flags: { triton: [] },
    files: FILES,
  });
}

function accepted(text: string): Config {
  const result = read(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

function told(text: string): string[] {
  const result = read(text);
  return result.ok ? [] : result.errors.map(({ path, rule }) => `${path}: ${rule}`);
}
