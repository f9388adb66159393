import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '#store';
import { type HeldFolder, holdFolder } from './held-folder.js';
import { openRows } from './index.js';
import { SqlRows } from './sql-rows.js';
import type { SqlThread } from './sql-thread.js';

const LARGE = { key: 'large', text: 'x'.repeat(200_000) };

/** More than the thread has memory for. */
const ENDLESS =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT hex(randomblob(50000)) FROM c';

/** Another process: it begins a term of its own where it gets the lock, and says why where it does not. */
const OTHER = `
  import Database from 'libsql';
  const [folder] = process.argv.slice(1);
  try {
    const lock = new Database(folder + '/berth.lock');
    lock.exec('BEGIN EXCLUSIVE');
    new Database(folder + '/berth.db').exec('DELETE FROM rows');
    console.log('began its term');
  } catch (error) {
    console.log(error.code);
  }
`;

describe('rows in a file that fails', () => {
  let folder: string;
  let held: HeldFolder;
  let thread: SqlThread;
  let rows: SqlRows;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-rows-'));
    await (await openRows(folder)).close();
    held = await holdFolder(folder);
    thread = held.thread;
    rows = new SqlRows(held);
  });

  afterEach(async () => {
    await rows.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('acknowledge nothing that is not there, and everything once there is room again', async () => {
    await thread.open(file(), false, ['max_page_count = 12']);
    await rows.write([{ key: 'a', text: 'before' }]);
    const failed = rows.write([LARGE, { key: 'a', text: 'lost' }]);
    await expect(failed).rejects.toThrow(StoreUnavailable);
    await expect(failed).rejects.toThrow(`the store in ${folder} failed: database or disk is full`);
    expect(await rows.get('a')).toBe('before');
    for (let at = 0; at < 24; at += 1) await rows.write([{ ...LARGE, key: `large${at}` }]);
    await rows.close();
    const next = await openRows(folder);
    expect(await next.get('a')).toBe('before');
    expect(await next.get('large23')).toBe(LARGE.text);
    expect(await next.get('large')).toBeUndefined();
    await next.close();
  });

  it('go on failing while their file is away, and make no other in its place', async () => {
    await thread.open(file(), false);
    await rows.write([{ key: 'a', text: '1' }]);
    await rename(file(), `${file()}-away`);
    for (const text of ['2', '3']) {
      await expect(rows.write([{ key: 'a', text }])).rejects.toThrow(StoreUnavailable);
    }
    await rename(`${file()}-away`, file());
    expect(await rows.get('a')).toBe('1');
    await rows.write([{ key: 'a', text: '4' }]);
    expect(await rows.get('a')).toBe('4');
  });

  it('refuse to give what is not what was written', async () => {
    await thread.open(file(), false);
    await rows.write([{ key: 'a', text: 'told' }]);
    await thread.run([[`UPDATE rows SET value = CAST('sold' AS BLOB)`]]);
    await expect(rows.get('a')).rejects.toThrow('damaged: a is not what was written');
  });

  it('let so many writes wait, and no more', async () => {
    await thread.open(file(), false);
    const all = Array.from({ length: 1_500 }, (_, at) => rows.write([{ key: 'a', text: `${at}` }]));
    const ended = await Promise.allSettled(all);
    const refused = ended.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(500);
    expect(refused[0]).toMatchObject({ reason: expect.any(StoreUnavailable) });
    expect(await rows.get('a')).toBe('999');
  });

  it('go on in a new thread after theirs died, and are nowhere meanwhile but with this process', async () => {
    await thread.open(file(), false);
    await rows.write([{ key: 'a', text: '1' }]);
    await expect(thread.all(ENDLESS)).rejects.toThrow(/^the thread of SQLite died: .*memory/);
    expect(await otherProcess()).toBe('SQLITE_BUSY');
    await expect(rows.write([{ key: 'a', text: '2' }])).rejects.toThrow(StoreUnavailable);
    await rows.write([{ key: 'a', text: '3' }]);
    expect(await rows.get('a')).toBe('3');
    expect(await otherProcess()).toBe('SQLITE_BUSY');
  }, 60_000);

  it('fail for good, but end nothing, once their thread has ended', async () => {
    await thread.open(file(), false);
    await thread.end();
    await expect(rows.write([LARGE])).rejects.toThrow(StoreUnavailable);
  });

  const file = (): string => join(folder, 'berth.db');

  async function otherProcess(): Promise<string> {
    const args = ['--input-type=module', '-e', OTHER, folder];
    return (await promisify(execFile)(process.execPath, args)).stdout.trim();
  }
});
