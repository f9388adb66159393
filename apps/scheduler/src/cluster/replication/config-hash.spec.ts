import { describe, expect, it } from '@jest/globals';
import { configOf } from '../../../../../test/support/config-of.js';
import { configHash } from './config-hash.js';

const REDIS = 'redis: { url: redis://127.0.0.1 }';
const MODELS = 'models: { m: { gpuMemoryLimitMb: 100 } }';

const hashOf = (...lines: string[]): string => configHash(configOf([REDIS, ...lines].join('\n')));

describe('the hash of a configuration', () => {
  it('is the same where peers may differ: in their names, addresses and folders', () => {
    const one = hashOf(MODELS, 'peer: { name: a }', 'http: 127.0.0.1:1', 'grpc: 127.0.0.1:2');
    expect(hashOf(MODELS, 'peer: { name: b }', 'data: /var/b')).toBe(one);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['a model', 'models: { m: { gpuMemoryLimitMb: 101 } }'],
    ['a server', 'servers: [{ id: s, grpc: "127.0.0.1:1" }]'],
    ['the defaults', 'defaults: { gpuMemoryLimitMb: 101 }'],
    ['a limit', 'limits: { globalQueue: 7 }'],
    ['the fleet', 'fleet: other'],
    ['what is done with routes that are out of date', 'staleRoutes: stop'],
  ])('is another one by %s', (_, line) => {
    const rest = line.startsWith('models') ? [] : [MODELS];
    expect(hashOf(line, ...rest)).not.toBe(hashOf(MODELS));
  });
});
