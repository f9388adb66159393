import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandEnd } from '../support/berthctl.js';
import { startWorld, type World } from '../support/running-scheduler.js';
import { PATIENCE_MS } from '../support/until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { version, license, engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly license: string;
  readonly engines: object;
};

/** Packs, and reads the package. */
async function pack(): Promise<{ readonly path: string; readonly bytes: Buffer }> {
  const { stdout } = await run('npm', ['run', 'pack', '--silent'], { cwd: ROOT });
  const path = join(ROOT, stdout.trim());
  return { path, bytes: await readFile(path) };
}

const run = promisify(execFile);

describe('npm run pack', () => {
  let world: World;
  let folder: string;
  let bytes: Buffer;

  beforeAll(async () => {
    world = await startWorld({});
    folder = await mkdtemp(join(tmpdir(), 'berthctl-packed-'));
    const packed = await pack();
    bytes = packed.bytes;
    await run('tar', ['-xzf', packed.path, '-C', folder, '--strip-components=1']);
  });

  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** As on a machine that has Node and nothing else. */
  async function berthctl(...args: string[]): Promise<CommandEnd> {
    const env = { BERTH_URL: world.scheduler.http };
    const options = { cwd: folder, env, timeout: PATIENCE_MS };
    return run(process.execPath, ['berthctl.mjs', ...args], options).then(
      ({ stdout, stderr }) => ({ status: 0, out: stdout, err: stderr }),
      ({ code, stdout, stderr }) => ({ status: Number(code), out: String(stdout), err: String(stderr) }),
    );
  }

  it('makes a package of one file, with its licences', async () => {
    const files = ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES.txt', 'berthctl.mjs', 'package.json'];
    expect((await readdir(folder)).toSorted()).toEqual(files);
    const about: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const bin = { berthctl: 'berthctl.mjs' };
    expect(about).toMatchObject({ name: 'berthctl', version, license, engines, bin });
    const licences = await readFile(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    const named = [...licences.matchAll(/^(\S+) \d+\.\d+\.\d+ \(\S+\)$/gm)].map(([, name]) => name);
    expect(named).toEqual(['commander', 'yaml', 'zod']);
  });

  it('makes the same of the same sources', async () => {
    expect((await pack()).bytes.equals(bytes)).toBe(true);
  });

  it('packs what asks and steers a running Berth', async () => {
    expect(await berthctl('resolve', 'resnet50')).toMatchObject({ status: 0, err: '' });
    const { status, out } = await berthctl('get', 'models', 'resnet50');
    expect([status, out]).toEqual([0, expect.stringMatching(/^NAME .*\nresnet50 +ready /)]);
    expect(await berthctl('explain', 'nobody')).toMatchObject({ status: 1, out: '' });
  });

  it.each([
    [['--help'], /^Usage: berthctl /],
    [['--version'], new RegExp(`^${version}\n$`)],
    [['key', 'new', '--role', 'admin'], /^berth_admin-.*\n\{ id: "admin-/],
  ])('packs what needs no Berth: %j', async (args, words) => {
    expect(await berthctl(...args)).toMatchObject({ status: 0, out: expect.stringMatching(words) });
  });

  it.each([
    [['store', 'check', '.'], 1, 'this berthctl comes without SQLite'],
    [['replay', 'nowhere.jsonl'], 2, 'nowhere.jsonl cannot be read'],
    [['apply', '-f', 'package.json'], 2, 'package.json'],
  ])('packs what says why it cannot: %j', async (args, status, words) => {
    expect(await berthctl(...args)).toEqual({ status, out: '', err: expect.stringContaining(words) });
  });
});
