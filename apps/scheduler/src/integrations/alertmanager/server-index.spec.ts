import { describe, expect, it } from '@jest/globals';
import { ServerIndex } from './server-index.js';

const index = new ServerIndex([
  { id: 'a', grpc: 'Node-1:8001', http: 'http://node-1:8000/', metrics: 'http://node-1:8002/metrics' },
  { id: 'b', grpc: '[::1]:8001', http: 'https://gpu.example', metrics: null },
  { id: 'c', grpc: '10.0.0.7:8001', http: null, metrics: 'http://gateway:80/c' },
  { id: 'd', grpc: '10.0.0.8:8001', http: null, metrics: 'http://gateway/d' },
]);

describe('servers that a label names', () => {
  it.each([
    ['a', ['a']],
    ['node-1:8001', ['a']],
    ['node-1:8000', ['a']],
    ['NODE-1:8002', ['a']],
    ['[0:0:0:0:0:0:0:1]:8001', ['b']],
    ['gpu.example:443', ['b']],
    ['gateway:80', ['c', 'd']],
    ['10.0.0.7:8001', ['c']],
    ['10.0.0.7', []],
    ['node-1', []],
    ['node-1:9400', []],
    ['A', []],
    ['', []],
    ['__proto__', []],
    ['x'.repeat(1_000_000), []],
  ])('are found by their names and by host and port: %.40s', (text, ids) => {
    expect(index.named(text)).toEqual(ids);
  });
});
