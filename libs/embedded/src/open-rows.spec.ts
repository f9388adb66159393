import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Rows, StoreUnusable } from '#kept';
import { openRows } from './index.js';

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

  it('say what is wrong where the folder cannot be one, or its files are broken', async () => {
    await (await opened()).close();
    await writeFile(join(folder, 'CURRENT'), 'nonsense\n');
    await expect(openRows(folder)).rejects.toBeInstanceOf(StoreUnusable);
    const file = join(folder, 'CURRENT');
    await expect(openRows(file)).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining(file),
    });
  });

  async function opened(): Promise<Rows> {
    const rows = await openRows(folder);
    open.push(rows);
    return rows;
  }
});
