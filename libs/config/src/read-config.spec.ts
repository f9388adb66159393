import { describe, expect, it } from '@jest/globals';
import { formatError, loadConfig, readConfig, type Config, type ConfigSources } from './index.js';

const NO_FLAGS = { triton: [] };

const PRINTED = `
fleet: berth
http: 127.0.0.1:7080
grpc: 127.0.0.1:7081
data: .berth
servers:
  - id: triton-a
    host: node-1
    grpc: 127.0.0.1:8001
    http: http://127.0.0.1:8000
    metrics: http://127.0.0.1:8002/metrics
    headers: { triton-grpc-protocol-infer-key: secret }
    labels: { zone: a, gpu: l4 }
    hostMemoryMb: 65536
    discover: true
    strangers: keep
    metricsIntervalMs: 250
    devices:
      - { ordinal: 0, uuid: GPU-1, memoryMb: 24576, headroomMb: 1024 }
defaults:
  enabled: true
  gpuMemoryLimitMb: 2048
  cpuMemoryLimitMb: 4096
  idleUnloadSeconds: 300
  idleUnload: strict
  loadTimeoutSeconds: 300
  minResidencySeconds: 30
  class: default
  coldStart: { policy: queue, maxQueue: 100, maxWaitMs: 60000, loadWhenShed: true }
  onLimitExceeded: warn
  onFailing: flag
models:
  fraud_detector_v1:
    gpuMemoryLimitMb: 2048
    labels: { team: risk }
    pin: { copies: 1 }
    copies: { min: 0, max: 2 }
    dependsOn: [tokenizer]
    placement: { require: { gpu: l4 } }
    config: { max_batch_size: 8 }
limits: { globalQueue: 5000, loadsPerServer: 2, loadsPerDevice: 1, starvationMs: 30000, stuckAfterSeconds: 350 }
connections: { http: 10000, httpArrivalSeconds: 10, grpc: 5000, grpcCalls: 10000, grpcIdleSeconds: 300, grpcPingSeconds: 60 }
residency: { policy: lru, loadAhead: false }
staleRoutes: serve
`;

describe('loadConfig', () => {
  it('lets other work have a turn between the parsing of a file and its check', async () => {
    const file = { path: 'berth.yaml', text: 'fleet: a' };
    let hadTurn = false;
    setImmediate(() => (hadTurn = true));
    await loadConfig({ file, env: {}, flags: NO_FLAGS });
    expect(hadTurn).toBe(true);
  });
});

describe('readConfig', () => {
  it('is complete with nothing at all', () => {
    const config = accepted({ env: {}, flags: NO_FLAGS });
    expect(config).toMatchObject({
      fleet: 'berth',
      http: { host: '127.0.0.1', port: 7080 },
      grpc: { host: '127.0.0.1', port: 7081 },
      data: '.berth',
      servers: [],
      residency: { policy: 'lru', loadAhead: false },
      staleRoutes: 'serve',
    });
  });

  it('has as defaults what the printed file says', () => {
    const { servers: _, models: __, ...written } = fromText(PRINTED);
    const { servers: ___, models: ____, ...left } = accepted({ env: {}, flags: NO_FLAGS });
    expect(left).toEqual(written);
  });

  it('records nothing unless told to, and then below the data folder', () => {
    expect(accepted({ env: {}, flags: NO_FLAGS }).recorder).toBeNull();
    const recorder = { dir: '/var/berth/turns', maxFileMb: 64, files: 4 };
    expect(fromText('data: /var/berth\nrecorder: {}').recorder).toEqual(recorder);
    const elsewhere = fromText('recorder: { dir: /tmp/turns, maxFileMb: 1, files: 2 }').recorder;
    expect(elsewhere).toEqual({ dir: '/tmp/turns', maxFileMb: 1, files: 2 });
  });

  it('takes servers and models as they are written', () => {
    const { servers, models } = fromText(PRINTED);
    expect(servers).toEqual([
      {
        id: 'triton-a',
        origin: 'file',
        host: 'node-1',
        grpc: '127.0.0.1:8001',
        http: 'http://127.0.0.1:8000',
        metrics: 'http://127.0.0.1:8002/metrics',
        headers: { 'triton-grpc-protocol-infer-key': 'secret' },
        headersFile: null,
        tls: null,
        labels: { zone: 'a', gpu: 'l4' },
        hostMemoryMb: 65536,
        discover: true,
        strangers: 'keep',
        metricsIntervalMs: 250,
        devices: [{ ordinal: 0, uuid: 'GPU-1', memoryMb: 24576, headroomMb: 1024 }],
      },
    ]);
    expect(models['fraud_detector_v1']).toEqual({
      gpuMemoryLimitMb: 2048,
      labels: { team: 'risk' },
      pin: { copies: 1 },
      copies: { min: 0, max: 2 },
      dependsOn: ['tokenizer'],
      placement: { require: { gpu: 'l4' } },
      config: { max_batch_size: 8 },
    });
  });

  it('completes a server of which only the address is known', () => {
    const { servers } = fromText(
      'servers: [{ id: a, grpc: "[::1]:8001", devices: [{ ordinal: 1, memoryMb: 2000 }] }]',
    );
    expect(servers[0]).toMatchObject({
      host: '::1',
      grpc: '[::1]:8001',
      http: null,
      metrics: null,
      headers: {},
      hostMemoryMb: null,
      discover: true,
      strangers: 'keep',
      metricsIntervalMs: 2_000,
      devices: [{ ordinal: 1, uuid: null, memoryMb: 2000, headroomMb: 1024 }],
    });
  });

  it('completes defaults key by key', () => {
    const { defaults } = fromText('defaults: { idleUnloadSeconds: null, coldStart: { maxQueue: 7 } }');
    expect(defaults.idleUnloadSeconds).toBeNull();
    expect(defaults.coldStart).toEqual({
      policy: 'queue',
      maxQueue: 7,
      maxWaitMs: 60_000,
      loadWhenShed: true,
    });
    expect(defaults.gpuMemoryLimitMb).toBe(2048);
  });

  it('lets the environment override the file and a flag override both', () => {
    const file = { path: 'berth.yaml', text: 'http: 127.0.0.1:1\ngrpc: 127.0.0.1:2\ndata: from-file' };
    const env = { BERTH_HTTP: 'localhost:11', BERTH_GRPC: '[::1]:12', BERTH_DATA: '' };
    const config = accepted({ file, env, flags: { triton: [], grpc: '127.0.0.1:22' } });
    expect(config).toMatchObject({
      http: { host: 'localhost', port: 11 },
      grpc: { host: '127.0.0.1', port: 22 },
      data: 'from-file',
    });
    expect(accepted({ file, env: { BERTH_DATA: 'e' }, flags: { triton: [], data: 'f' } }).data).toBe('f');
    expect(accepted({ file, env: { BERTH_DATA: 'e' }, flags: NO_FLAGS }).data).toBe('e');
  });

  it('implies a server from each --triton flag', () => {
    const { servers } = accepted({
      env: {},
      flags: { triton: ['127.0.0.1:8001', '[::1]:9001', 'gpu-1.local:8001'] },
    });
    expect(
      servers.map(({ id, origin, host, grpc, http, metrics }) => [id, origin, host, grpc, http, metrics]),
    ).toEqual([
      [
        '127.0.0.1-8001',
        'flag',
        '127.0.0.1',
        '127.0.0.1:8001',
        'http://127.0.0.1:8000',
        'http://127.0.0.1:8002/metrics',
      ],
      ['ip6---1-9001', 'flag', '::1', '[::1]:9001', 'http://[::1]:9000', 'http://[::1]:9002/metrics'],
      [
        'gpu-1.local-8001',
        'flag',
        'gpu-1.local',
        'gpu-1.local:8001',
        'http://gpu-1.local:8000',
        'http://gpu-1.local:8002/metrics',
      ],
    ]);
  });

  it('keeps names that objects have of their own', () => {
    const { models } = fromText('models: { constructor: { enabled: false } }');
    expect(models['constructor']).toEqual({ enabled: false });
    expect(models['toString']).toBeUndefined();
  });

  it('takes an empty file and one of comments', () => {
    expect(fromText('').fleet).toBe('berth');
    expect(fromText('# nothing yet\n').fleet).toBe('berth');
  });
});

function fromText(text: string): Config {
  return accepted({ file: { path: 'berth.yaml', text }, env: {}, flags: NO_FLAGS });
}

function accepted(sources: ConfigSources): Config {
  const result = readConfig(sources);
  if (!result.ok) throw new Error(result.errors.map((error) => formatError(error, 'berth.yaml')).join('\n'));
  return result.config;
}
