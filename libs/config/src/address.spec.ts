import { describe, expect, it } from '@jest/globals';
import { addressText, isLoopback, parseAddress } from './index.js';

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:8001', '127.0.0.1', 8001],
    ['node-1.example_x:1', 'node-1.example_x', 1],
    ['[::1]:65535', '::1', 65535],
    ['[fe80::1%eth0]:7', 'fe80::1%eth0', 7],
    ['localhost:0', 'localhost', 0],
  ])('reads %s, and writes it back', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(addressText({ host, port })).toBe(text);
  });

  it.each([
    '',
    ':1',
    'a',
    'a:',
    'a:x',
    'a:65536',
    'a:-1',
    'a:123456',
    '::1:8001',
    '[a]:1',
    '[::1]',
    'a b:1',
    '300.1.1.1:1',
    '1.2.3:1',
    '-a:1',
    'a..b:1',
    'http://a:1',
    'a:1/x',
  ])('does not take %p', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.9.9.9', 'localhost', 'LOCALHOST', '::1', '0:0:0:0:0:0:0:1', '0000::0001'])(
    '%s is',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '::2',
    '1::1',
    '::1:1',
    '::ffff:10.0.0.1',
    '10.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    '128.0.0.1',
  ])('%s is not', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
