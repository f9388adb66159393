import { describe, expect, it } from '@jest/globals';
import { targetOf } from './target.js';

describe('the server to ask', () => {
  it.each([
    [undefined, {}, 'http://127.0.0.1:7080'],
    [undefined, { BERTH_URL: '' }, 'http://127.0.0.1:7080'],
    [undefined, { BERTH_URL: 'https://berth.example/' }, 'https://berth.example'],
    ['127.0.0.1:17080', { BERTH_URL: 'https://berth.example' }, 'http://127.0.0.1:17080'],
    ['localhost:17080', {}, 'http://localhost:17080'],
    ['https://proxy.example/berth/', {}, 'https://proxy.example/berth'],
    ['[::1]:7080', {}, 'http://[::1]:7080'],
  ])('is, by the flag %s and %j, %s', (flag, env, url) => {
    expect(targetOf(flag, env).url).toBe(url);
  });

  it.each([
    ['ftp://berth.example', '--url must be an address'],
    ['http://', '--url must be an address'],
    ['', '--url must be an address'],
    ['http://user:secret@berth.example', '--url must not hold a name or password'],
    ['http://berth.example/?a=1', '--url must end with its path'],
  ])('cannot be %s', (flag, why) => {
    expect(() => targetOf(flag, {})).toThrow(why);
  });

  it('takes the token from the environment, and never shows it', () => {
    expect(targetOf(undefined, { BERTH_TOKEN: 's3cret' }).token).toBe('s3cret');
    expect(targetOf(undefined, { BERTH_TOKEN: '' }).token).toBeNull();
    expect(() => targetOf(undefined, { BERTH_TOKEN: 's3cret\r\nx: y' })).toThrow(
      /^(?!.*s3cret).*BERTH_TOKEN/,
    );
  });
});
