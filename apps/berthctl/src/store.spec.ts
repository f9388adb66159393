import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRows } from '#store-sqlite';
import { type CommandEnd, berthctl } from '../../../test/support/berthctl.js';

const KEYS = [
  'meta/schema',
  ...Array.from({ length: 59 }, (_, at) => `told/model/m${String(at).padStart(2, '0')}`),
];
const TEXT = `a\u007f\u0085"${'x'.repeat(700)}`;

describe('berthctl store', () => {
  let folder: string;
  let other: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
    other = `${folder}-other`;
    const rows = await openRows(folder);
    await rows.write(KEYS.map((key) => ({ key, text: TEXT })));
    await rows.close();
  });

  afterEach(async () => {
    for (const path of [folder, other]) await rm(path, { recursive: true, force: true });
  });

  it('says that all is as it was written', async () => {
    expect(await store('check', folder)).toEqual({
      status: 0,
      out: `${folder}: 60 rows as they were written, and no other\n`,
      err: '',
    });
  });

  it('takes what was exported into a new folder, all of it', async () => {
    const { status, out } = await store('export', folder);
    expect([status, out.trimEnd().split('\n').length]).toEqual([0, 61]);
    expect(await store('import', other, out)).toMatchObject({
      status: 0,
      out: `${other}: a store of 60 rows\n`,
    });
    expect((await store('export', other)).out).toBe(out);
    const rows = await openRows(other);
    expect(await rows.get(KEYS[7]!)).toBe(TEXT);
    await rows.close();
  });

  it('saves what is before and behind a page that cannot be read', async () => {
    await overwrite(join(folder, 'berth.db'), 0.6);
    const checked = await store('check', folder);
    expect([checked.status, checked.out]).toEqual([1, '']);
    expect(checked.err).toContain(`the store in ${folder} is damaged`);
    const { status, out, err } = await store('export', folder);
    expect(status).toBe(1);
    expect(err).toContain('is lost:');
    expect(out).toContain(KEYS[0]);
    expect(out).toContain(KEYS.at(-1));
    expect(out.trimEnd().split('\n').length).toBeLessThan(61);
    expect((await store('import', other, out)).status).toBe(0);
  });

  it('tells of a file that is no database', async () => {
    await truncate(join(folder, 'berth.db'), 0);
    await writeFile(join(folder, 'berth.db'), 'nonsense'.repeat(1_000));
    expect((await store('check', folder)).err).toContain('not a database');
    expect(await store('export', folder)).toMatchObject({ status: 1, out: '{"rows":0}\n' });
  });

  it.each([
    ['a line that is none', 'x\n', 'line 1 is neither'],
    ['a row with more than that', '{"key":"a","text":"b","c":1}\n', 'line 1 is neither'],
    ['no last line', '{"key":"a","text":"b"}\n', 'the last line, {"rows": N}, is missing'],
    ['another number of rows', '{"key":"a","text":"b"}\n{"rows":2}\n', 'tells of 2 rows, and 1 are there'],
    ['no row of the title', '{"key":"a","text":"b"}\n{"rows":1}\n', 'there is no row meta/schema'],
    ['no row', '{"rows":0}\n', 'there is no row meta/schema'],
    ['something behind it', '{"rows":0}\n{"rows":0}\n', 'nothing may follow'],
  ])('imports nothing of an input with %s', async (_, input, words) => {
    const { status, err } = await store('import', other, input);
    expect([status, err]).toEqual([1, expect.stringContaining(words)]);
    expect(await readdir(other)).toEqual([]);
  });

  it('imports into no folder that has something, and leaves it as it is', async () => {
    await writeFile(join(folder, 'mine'), 'mine');
    expect(await store('import', folder, '{"rows":0}\n')).toMatchObject({
      status: 1,
      err: expect.stringContaining('is not empty'),
    });
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine');
  });

  it('leaves a store alone that is in use, and makes none where there is none', async () => {
    const rows = await openRows(folder);
    expect(await store('check', folder)).toMatchObject({
      status: 1,
      err: expect.stringContaining('already open'),
    });
    await rows.close();
    expect(await store('check', other)).toMatchObject({
      status: 1,
      err: expect.stringContaining('there is no store'),
    });
    await expect(readdir(other)).rejects.toThrow();
  });

  const store = (command: string, path: string, input?: string): Promise<CommandEnd> =>
    berthctl(['store', command, path], {}, input);
});

/** Makes a page nonsense, so far into the file. */
async function overwrite(path: string, part: number): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.alloc(4_096, 0x5a), 0, 4_096, Math.floor((size * part) / 4_096) * 4_096);
  await file.close();
}
