import { execFile } from 'node:child_process';
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LAUNCHER = join(ROOT, 'tools', 'berthctl.mjs');

describe('tools/berthctl.mjs', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'berthctl-')));
    await writeFile(join(folder, 'turns.jsonl'), 'no recording');
  });

  afterAll(() => rm(folder, { recursive: true }));

  const run = async (command: string, args: readonly string[], cwd: string, env = {}) => {
    const options = { cwd, env: { ...process.env, ...env } };
    return promisify(execFile)(command, args, options).catch(
      (error: { readonly code: number; readonly stderr: string }) => error,
    );
  };

  it('runs from any folder, through a link too', async () => {
    const link = join(folder, 'berthctl');
    await symlink(LAUNCHER, link);
    expect(await run(link, ['--version'], folder)).toMatchObject({
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it('finds files where it was called, though npm runs it in the clone', async () => {
    const env = { npm_lifecycle_event: 'berthctl', INIT_CWD: folder };
    const { code, stderr } = (await run(
      process.execPath,
      [LAUNCHER, 'replay', 'turns.jsonl'],
      ROOT,
      env,
    )) as {
      readonly code: number;
      readonly stderr: string;
    };
    expect(code).toBe(1);
    expect(stderr).toContain('turns.jsonl is not whole, or no recording of this version\n  line 1: ');
  });
});
