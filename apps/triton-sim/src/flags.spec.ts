import { describe, expect, it } from '@jest/globals';
import { readFlags } from './flags.js';
import { parseAddress, parseAdminAddress } from './gate.js';

describe('the flags', () => {
  it('have defaults: two GPUs of 24 GB, the sample, explicit mode', () => {
    expect(readFlags([])).toMatchObject({
      gpus: 2,
      gpuMemoryMb: 24_576,
      triton: { controlMode: 'explicit', loadThreads: 4 },
    });
  });

  it('take a server without GPUs, a restriction and a speed', () => {
    const options = readFlags([
      '--cpu-only',
      '--restricted',
      'key=a=b',
      '--speed',
      '10',
      '--load-model',
      'resnet50',
    ]);
    expect(options).toMatchObject({
      gpus: 0,
      speed: 10,
      triton: { restriction: { key: 'key', value: 'a=b' }, startupModels: ['resnet50'] },
    });
  });

  it.each([
    [['--gpus', 'two'], '--gpus: expected a number of at least 0, got "two"'],
    [['--mode', 'magic'], '--mode: expected explicit, none or poll, got "magic"'],
    [['--restricted', 'nothing'], '--restricted: expected key=value, got "nothing"'],
  ])('that are wrong are named: %j', (args, message) => {
    expect(() => readFlags(args)).toThrow(message);
  });

  it('keep the port of faults on loopback', () => {
    expect(() => parseAdminAddress('admin', '0.0.0.0:8003')).toThrow('admin: expected 127.0.0.1:PORT');
    expect(parseAdminAddress('admin', '127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
  });

  it('let the ports of Triton listen on all addresses, and on no other name', () => {
    expect(parseAddress('grpc', '0.0.0.0:8001')).toEqual({ host: '0.0.0.0', port: 8_001 });
    expect(() => parseAddress('grpc', 'example.com:8001')).toThrow('grpc: expected 127.0.0.1:PORT');
  });
});
