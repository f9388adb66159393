import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { importRows, openRows } from './index.js';

const TITLE = { key: 'meta/schema', text: '1' };
/** A user without rights. */
const NOBODY = 65_534;

describe('an import', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-salvage-'));
    await importRows(folder, Readable.from([TITLE]));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('leaves the store alone that is in the folder already', async () => {
    await expect(importRows(folder, Readable.from([]))).rejects.toMatchObject({ reason: 'in_use' });
    expect(await titleThere()).toBe('1');
  });

  it('takes no folder for empty that it may not list', async () => {
    await chmod(folder, 0o300);
    const done = await withoutRights(() => importRows(folder, Readable.from([])).catch((error) => error));
    expect(done).toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining(`the folder ${folder} cannot be looked at`),
    });
    await chmod(folder, 0o700);
    expect(await titleThere()).toBe('1');
  });

  async function titleThere(): Promise<string | undefined> {
    const rows = await openRows(folder);
    const text = await rows.get(TITLE.key);
    await rows.close();
    return text;
  }

  /** The administrator may list every folder. */
  async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
    if (process.geteuid!() !== 0) return work();
    await chown(folder, NOBODY, NOBODY);
    process.seteuid!(NOBODY);
    try {
      return await work();
    } finally {
      process.seteuid!(0);
    }
  }
});
