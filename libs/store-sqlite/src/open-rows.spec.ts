import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Rows } from '#store';
import { answered } from './folder.js';
import { openRows, readWhatCanBe } from './index.js';
import { SqlThread } from './sql-thread.js';

describe('the rows in a folder', () => {
  let folder: string;
  let open: Rows[] = [];

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'berth-rows-')), 'deep', 'er');
  });

  afterEach(async () => {
    for (const rows of open) await rows.close();
    open = [];
    await rm(join(folder, '..', '..'), { recursive: true, force: true });
  });

  it('are refused a second time in the same process, by whatever name', async () => {
    await opened();
    const alias = join(folder, '..', 'alias');
    await symlink(folder, alias);
    for (const name of [folder, alias, join(folder, '..', 'er')]) {
      await expect(openRows(name)).rejects.toMatchObject({ reason: 'in_use' });
    }
  });

  it('are had by one of many that open them at once', async () => {
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => opened()));
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  });

  it('are in files that only their owner can read', async () => {
    await opened();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const names = ['berth.db', 'berth.lock', 'berth.store'];
    expect((await readdir(folder)).sort()).toEqual(names);
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a file', 'notes'],
    ['below a file', 'notes/x'],
    ['in a file system that takes no folder', '/proc/berth/data'],
  ])('say which folder cannot be one: %s', async (_, name) => {
    await (await opened()).close();
    await writeFile(join(folder, 'notes'), '');
    const path = name.startsWith('/') ? name : join(folder, name);
    await expect(openRows(path)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining(`the folder ${path} cannot be used`),
    });
  });

  it('say that a folder takes no file', async () => {
    await expect(openRows('/proc/self')).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('are refused where their folder does not answer', async () => {
    const never = new Promise<void>(() => {});
    await expect(answered(folder, never, 1)).rejects.toMatchObject({
      reason: 'stuck',
      message: expect.stringContaining(`the folder ${folder} does not answer`),
    });
  });

  it('do not wait at a named pipe in the place of a file', async () => {
    await (await opened()).close();
    await rm(join(folder, 'berth.db'));
    await promisify(execFile)('mkfifo', [join(folder, 'berth.db')]);
    await expect(openRows(folder)).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining(join(folder, 'berth.db')),
    });
  });

  it.each([
    ['berth.db', Buffer.alloc(0), 'is empty'],
    ['berth.db', Buffer.from('no database at all'.repeat(300)), 'not a database'],
    ['berth.lock', Buffer.from('no database at all'.repeat(300)), 'berth.lock holds nothing of the store'],
  ])('are refused where %s is something else', async (name, content, words) => {
    await (await opened()).close();
    await writeFile(join(folder, name), content);
    await expect(openRows(folder)).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining(words),
    });
    expect(await readFile(join(folder, name))).toEqual(content);
  });

  it('are had again once a berth.lock that is something else was deleted, as the refusal says', async () => {
    await (await opened()).close();
    await writeFile(join(folder, 'berth.lock'), 'x'.repeat(4_096));
    await expect(openRows(folder)).rejects.toThrow(/berth\.lock .* delete it$/);
    await rm(join(folder, 'berth.lock'));
    await opened();
  });

  it('do not take the tables of another program', async () => {
    const thread = new SqlThread();
    await mkdir(folder, { recursive: true });
    await thread.open(join(folder, 'berth.db'), true);
    await thread.run([['CREATE TABLE theirs (a)']]);
    await thread.end();
    await expect(openRows(folder)).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining('was not made by Berth'),
    });
  });

  it.each(['MANIFEST-000002', '000003.log', '000005.ldb'])(
    'are refused, and nothing is made, beside %s of an older Berth in LevelDB',
    async (name) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), 'theirs');
      const refusal = { reason: 'old_store', message: expect.stringContaining('Commit e0450614') };
      await expect(openRows(folder)).rejects.toMatchObject(refusal);
      await expect(readWhatCanBe(folder, async () => {})).rejects.toMatchObject(refusal);
      expect(await readdir(folder)).toEqual([name]);
    },
  );

  it('are refused, and left as they are, where a store in LevelDB was put beside them', async () => {
    await (await opened()).close();
    await writeFile(join(folder, 'MANIFEST-000002'), 'theirs');
    await expect(openRows(folder)).rejects.toMatchObject({ reason: 'old_store' });
    await rm(join(folder, 'MANIFEST-000002'));
    await opened();
  });

  async function opened(): Promise<Rows> {
    const rows = await openRows(folder);
    open.push(rows);
    return rows;
  }
});
