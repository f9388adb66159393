import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatError, loadConfig } from './index.js';
import { readSmallFile, readSmallFiles } from './small-file.js';

const MIB = 2 ** 20;

describe('a small file', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-files-'));
    await writeFile(at('ca.pem'), '-----BEGIN CERTIFICATE-----\n');
    await symlink(at('ca.pem'), at('link.pem'));
    await writeFile(at('full'), 'x'.repeat(MIB));
    await writeFile(at('long'), 'x'.repeat(MIB + 1));
    await mkdir(at('folder'));
    execFileSync('mkfifo', [at('fifo')]);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('is read whole, also through a link', async () => {
    expect(await readSmallFile(at('link.pem'))).toEqual({ text: '-----BEGIN CERTIFICATE-----\n' });
    const full = await readSmallFile(at('full'));
    expect('text' in full && full.text.length).toBe(MIB);
  });

  it.each([
    ['none', 'must name a file that can be read: PATH (ENOENT)'],
    ['long', 'must name a file of at most 1 MiB: PATH is longer'],
    ['folder', 'must name a regular file: PATH is a directory'],
    ['fifo', 'must name a regular file: PATH is a FIFO'],
    ['/dev/zero', 'must name a regular file: PATH is a device'],
  ])('is refused with its path where it is %s', async (name, rule) => {
    const path = name.startsWith('/') ? name : at(name);
    const read = await readSmallFile(path);
    expect(read).toMatchObject({ rule: rule.replace('PATH', path) });
    expect('isMissing' in read && read.isMissing).toBe(rule.includes('ENOENT'));
  });

  it('is read once, however often it is named', async () => {
    const paths = Array.from({ length: 40 }, (_, nth) => at(nth % 2 ? 'none' : 'ca.pem'));
    expect([...(await readSmallFiles(paths)).keys()]).toEqual([at('ca.pem'), at('none')]);
  });

  it('that a server names is refused with the key that names it', async () => {
    const tls = '{ ca: fifo, cert: ca.pem, key: /dev/zero }';
    const text = `servers: [{ id: a, grpc: "h:1", headersFile: folder, tls: ${tls} }]`;
    const file = { path: at('berth.yaml'), text };
    const result = await loadConfig({ file, env: {}, flags: { triton: [] } });
    expect(result.ok ? [] : result.errors.map((error) => formatError(error))).toEqual([
      `servers[0].headersFile: must name a regular file: ${at('folder')} is a directory`,
      `servers[0].tls.ca: must name a regular file: ${at('fifo')} is a FIFO`,
      'servers[0].tls.key: must name a regular file: /dev/zero is a device',
    ]);
  });
});
