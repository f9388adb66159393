import { describe, expect, it } from '@jest/globals';
import { grpcCall, httpCall } from './triton-call.js';

describe('a call over HTTP', () => {
  it.each([
    ['/v2/models/m/infer', 'infer', 'm', null],
    ['/v2/models/m/versions/3/infer?x=/ready', 'infer', 'm', '3'],
    ['/v2/models/m/generate', 'infer', 'm', null],
    ['/v2/models/m/versions/1/generate_stream', 'infer', 'm', '1'],
    ['/v2/models/m', 'describe', 'm', null],
    ['/v2/models/m/versions/2', 'describe', 'm', '2'],
    ['/v2/models/m/config', 'describe', 'm', null],
    ['/v2/models/m/ready', 'ready', 'm', null],
    ['/v2/models/m/stats', 'statistics', 'm', null],
    ['/v2/models/infer/infer', 'infer', 'infer', null],
    ['/v2/models/stats/infer', 'infer', 'stats', null],
    ['/v2/models/a%2Fb/infer', 'infer', 'a%2Fb', null],
    ['/v2/models/../infer', 'infer', '..', null],
    ['/v2/models//infer', 'infer', '', null],
  ] as const)('%s is %s', (path, kind, model, version) => {
    expect(httpCall(path)).toEqual({ kind, model, version });
  });

  it.each(['/v2', '/v2?x', '/v2/health/live', '/v2/health/ready', '/v2/models/stats'])(
    '%s is about a server',
    (path) => expect(httpCall(path)).toEqual({ kind: 'server', model: null, version: null }),
  );

  it.each([
    ...['/v2/repository/index', '/v2/repository/models/m/load', '/v2/systemsharedmemory/status'],
    ...[
      '/v2/cudasharedmemory/region/r/register',
      '/v2/trace/setting',
      '/v2/models/m/trace/setting',
      '/v2/logging',
    ],
  ])('%s changes a server', (path) => expect(httpCall(path).kind).toBe('administer'));

  it.each([
    '',
    '/',
    '/v1/models',
    '/v2/models',
    '/v2/models/m/load',
    '/v2/models/m/infer/',
    '/v2/models/m/toString',
  ])('%s is nothing that Triton answers', (path) => expect(httpCall(path).kind).toBe('unknown'));
});

describe('a call over gRPC', () => {
  const SERVICE = '/inference.GRPCInferenceService/';
  it.each([
    ...[
      ['ModelInfer', 'infer'],
      ['ModelStreamInfer', 'infer'],
      ['ModelMetadata', 'describe'],
    ],
    ...[
      ['ModelConfig', 'describe'],
      ['ModelReady', 'ready'],
      ['ModelStatistics', 'statistics'],
    ],
    ...[
      ['ServerLive', 'server'],
      ['ServerReady', 'server'],
      ['ServerMetadata', 'server'],
    ],
    ...[
      ['RepositoryIndex', 'administer'],
      ['RepositoryModelLoad', 'administer'],
      ['TraceSetting', 'administer'],
    ],
    ...[
      ['SystemSharedMemoryStatus', 'administer'],
      ['CudaSharedMemoryRegister', 'administer'],
    ],
    ...[
      ['LogSettings', 'administer'],
      ['Other', 'unknown'],
    ],
  ])('%s is %s', (method, kind) => {
    expect(grpcCall(SERVICE + method)).toEqual({ kind, model: null, version: null });
  });

  it('is of the service of Triton', () => {
    expect(grpcCall('/other.Service/ModelInfer').kind).toBe('unknown');
    expect(grpcCall('/other.Service/RepositoryIndex').kind).toBe('unknown');
  });
});
