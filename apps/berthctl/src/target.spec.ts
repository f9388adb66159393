import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Usage } from './failures.js';
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
    expect(targetOf({ url: flag }, env).url).toBe(url);
  });

  it.each([
    ['ftp://berth.example', '--url must be an address'],
    ['http://', '--url must be an address'],
    ['', '--url must be an address'],
    ['http://user:secret@berth.example', '--url must not hold a name or password'],
    ['http://berth.example/?a=1', '--url must end with its path'],
  ])('cannot be %s', (flag, why) => {
    expect(() => targetOf({ url: flag }, {})).toThrow(why);
  });

  it('takes the token from the environment, and never shows it', () => {
    expect(targetOf({}, { BERTH_TOKEN: 's3cret' }).token).toBe('s3cret');
    expect(targetOf({}, { BERTH_TOKEN: '' }).token).toBeNull();
    expect(() => targetOf({}, { BERTH_TOKEN: 's3cret\r\nx: y' })).toThrow(/^(?!.*s3cret).*BERTH_TOKEN/);
  });
});

describe('files with what a server is asked with', () => {
  const PEM = '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n';
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-target-'));
    writeFileSync(at('ca.crt'), PEM);
    writeFileSync(at('admin.key'), 's3cret\n');
    writeFileSync(at('two'), 's3cret two\n');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are read where options or the environment name them', () => {
    expect(targetOf({ ca: at('ca.crt'), keyFile: at('admin.key') }, {})).toEqual({
      url: 'https://127.0.0.1:7080',
      token: 's3cret',
      ca: PEM,
    });
    expect(targetOf({ url: 'berth:1' }, { BERTH_CA: at('ca.crt'), BERTH_KEY: 'k' })).toEqual({
      url: 'https://berth:1',
      token: 'k',
      ca: PEM,
    });
    expect(targetOf({}, { BERTH_CA: '', BERTH_KEY: '' })).toMatchObject({ token: null, ca: null });
  });

  it('override the environment', () => {
    const env = { BERTH_KEY: 'k', BERTH_TOKEN: 't', BERTH_CA: at('none') };
    expect(targetOf({ ca: at('ca.crt'), keyFile: at('admin.key') }, env)).toMatchObject({
      token: 's3cret',
      ca: PEM,
    });
  });

  it.each([
    [{ ca: 'none.crt' }, {}, '--ca: ENOENT'],
    [{ ca: '.' }, {}, '--ca: EISDIR'],
    [{}, { BERTH_CA: 'none.crt' }, 'BERTH_CA: ENOENT'],
    [{ ca: 'admin.key' }, {}, 'has no certificate in PEM form'],
    [{ keyFile: 'none.key' }, {}, '--key-file: ENOENT'],
    [{ keyFile: 'two' }, {}, '--key-file must have printable ASCII characters without spaces'],
    [{}, { BERTH_KEY: 's3cret two' }, 'BERTH_KEY must have printable'],
    [{}, { BERTH_KEY: 's3cret', BERTH_TOKEN: 's3cret' }, 'BERTH_KEY and BERTH_TOKEN must not both be set'],
  ])('are refused with %j and %j, and what they hold is not shown', (options, env, words) => {
    const named = Object.fromEntries(Object.entries(options).map(([key, name]) => [key, at(name)]));
    const refused = (): unknown => targetOf(named, env);
    expect(refused).toThrow(Usage);
    expect(refused).toThrow(words);
    expect(refused).not.toThrow('s3cret');
  });
});
