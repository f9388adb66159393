import { cp, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import type { Row } from '#kept';
import { openRows, type TakenOver } from './index.js';
import { MAKE_TABLES, stepsOf } from './layout.js';
import { SqlThread } from './sql-thread.js';

const ROWS: readonly Row[] = [
  { key: 'meta/schema', text: '1' },
  ...Array.from({ length: 40 }, (_, at) => ({ key: `told/model/m${at}`, text: `{"revision":${at}}` })),
].sort((one, other) => (one.key < other.key ? -1 : 1));

describe('a store that an older Berth kept in LevelDB', () => {
  let folder: string;
  let heard: TakenOver[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-level-'));
    heard = [];
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is taken over once, told, and its files are moved aside', async () => {
    await level(ROWS);
    expect(await found()).toEqual(ROWS);
    const movedTo = join(folder, 'leveldb-taken-over');
    expect(heard).toEqual([{ rows: ROWS.length, movedTo, dropped: [] }]);
    expect(await readdir(movedTo)).toContain('CURRENT');
    expect(await found()).toEqual(ROWS);
    expect(heard).toHaveLength(1);
  });

  it('is refused to the older Berth from then on', async () => {
    await level(ROWS);
    await found();
    await expect(new ClassicLevel(folder).open()).rejects.toThrow();
  });

  it('is taken over again where a crash came before all of it was safe', async () => {
    await level(ROWS);
    await writeFile(join(folder, 'berth.db'), '');
    await writeFile(join(folder, 'berth.lock'), '');
    expect(await found()).toEqual(ROWS);
    expect(heard).toHaveLength(1);
  });

  it('is taken over again where a crash came in the middle of it', async () => {
    await level(ROWS);
    const running = `${folder}-running`;
    await mkdir(running);
    const thread = new SqlThread();
    await thread.open(join(running, 'berth.db'), true, ['cache_size = 1']);
    await thread.run([
      ['BEGIN IMMEDIATE'],
      MAKE_TABLES,
      ...stepsOf([...ROWS, { key: 'x', text: 'x'.repeat(90_000) }]),
    ]);
    await cp(running, folder, { recursive: true });
    await thread.end();
    await rm(running, { recursive: true });
    expect(await readdir(folder)).toContain('berth.db-journal');
    expect(await found()).toEqual(ROWS);
    expect(heard).toHaveLength(1);
  });

  it('is taken over, and only moved, where a crash came after that', async () => {
    await level(ROWS);
    const copy = `${folder}-copy`;
    await cp(folder, copy, { recursive: true });
    await found();
    const names = (await readdir(copy)).filter((name) => name !== 'CURRENT');
    for (const name of names) await rename(join(copy, name), join(folder, name));
    await rm(join(folder, 'berth.store'));
    await rm(copy, { recursive: true });
    expect(await found()).toEqual(ROWS);
    expect((await readdir(folder)).sort()).toEqual([
      'CURRENT',
      'berth.db',
      'berth.lock',
      'berth.store',
      'leveldb-taken-over',
    ]);
  });

  it('tells what LevelDB left out, since it could not read it', async () => {
    await level(ROWS);
    const log = (await readdir(folder)).find((name) => name.endsWith('.log'))!;
    const { length } = ROWS;
    const file = await open(join(folder, log), 'r+');
    await file.write(Buffer.alloc(8, 0xff), 0, 8, 20);
    await file.close();
    expect((await found()).length).toBeLessThan(length);
    expect(heard[0]?.dropped).not.toEqual([]);
  });

  it.each([
    ['CURRENT', 'nonsense\n'],
    ['CURRENT', null],
  ])('is refused, and left as it is, where %s is %j', async (name, content) => {
    await level(ROWS);
    const before = (await readdir(folder)).filter((one) => !one.startsWith('LOG'));
    if (content === null) await rm(join(folder, name));
    else await writeFile(join(folder, name), content);
    for (const _ of [1, 2]) {
      await expect(openRows(folder)).rejects.toMatchObject({
        reason: 'damaged',
        message: expect.stringContaining(`the store in ${folder} is damaged`),
      });
    }
    expect(await readdir(folder)).toEqual(expect.arrayContaining(before.filter((one) => one !== name)));
  });

  it('is refused while the older Berth has it open', async () => {
    const db = await level(ROWS, true);
    await expect(openRows(folder)).rejects.toMatchObject({ reason: 'in_use' });
    await db.close();
    expect(await found()).toEqual(ROWS);
  });

  it('is left alone where it is that of another program', async () => {
    await level([{ key: 'a', text: 'b' }]);
    await expect(openRows(folder)).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining('was not made by Berth'),
    });
    const db = new ClassicLevel(folder);
    expect(await db.get('a')).toBe('b');
    await db.close();
  });

  async function level(rows: readonly Row[], staysOpen = false): Promise<ClassicLevel> {
    const db = new ClassicLevel(folder);
    await db.batch(rows.map(({ key, text }) => ({ type: 'put', key, value: text })));
    if (!staysOpen) await db.close();
    return db;
  }

  async function found(): Promise<readonly Row[]> {
    const rows = await openRows(folder, (what) => heard.push(what));
    const all: Row[] = [];
    for await (const row of rows.read('')) all.push(row);
    await rows.close();
    return all;
  }
});
