import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClassicLevel } from 'classic-level';
import type { Row } from '#kept';
import { importRows, openRows, readWhatCanBe, type TakenOver } from './index.js';
import { MAKE_TABLES, stepsOf } from './layout.js';
import { SqlThread } from './sql-thread.js';

const ROWS: readonly Row[] = [
  { key: 'meta/schema', text: '1' },
  ...Array.from({ length: 40 }, (_, at) => ({ key: `told/model/m${at}`, text: `{"revision":${at}}` })),
].sort((one, other) => (one.key < other.key ? -1 : 1));

/** Has it open until its input ends. */
const OLDER = `
  import { ClassicLevel } from 'classic-level';
  const db = new ClassicLevel(process.argv[1]);
  await db.open();
  console.log('open');
  for await (const _ of process.stdin);
  await db.close();
`;

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
    expect(heard).toEqual([{ rows: ROWS.length, movedTo }]);
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

  it.each([
    ['before anything was moved', (): boolean => true],
    ['while it was moved', (name: string): boolean => name === 'CURRENT' || name.endsWith('.log')],
    ['before the last was moved', (name: string): boolean => name === 'CURRENT'],
    ['once all was moved', (): boolean => false],
  ])('is taken over, and only moved, where a crash came %s', async (_, isBack) => {
    await level(ROWS);
    const before = await contentOf(folder);
    await found();
    const aside = join(folder, 'leveldb-taken-over');
    for (const name of Object.keys(before).filter(isBack))
      await rename(join(aside, name), join(folder, name));
    await rm(join(folder, 'berth.store'));
    expect(await found()).toEqual(ROWS);
    expect(await contentOf(aside)).toEqual(before);
    expect((await readdir(folder)).sort()).toEqual([
      'CURRENT',
      'berth.db',
      'berth.lock',
      'berth.store',
      'leveldb-taken-over',
    ]);
    await expect(new ClassicLevel(folder).open()).rejects.toThrow();
  });

  it('is refused, and left as it is, where it was put back beside the store that took it over', async () => {
    await level(ROWS);
    await found();
    const aside = join(folder, 'leveldb-taken-over');
    await cp(aside, folder, { recursive: true });
    const [before, asideBefore] = [await contentOf(folder), await contentOf(aside)];
    await expect(found()).rejects.toMatchObject({
      reason: 'two_stores',
      message: expect.stringMatching(`^the folder ${folder} has .* Move one of the two`),
    });
    expect([await contentOf(folder), await contentOf(aside)]).toEqual([before, asideBefore]);
    for (const name of ['berth.db', 'berth.lock', 'berth.store']) await rm(join(folder, name));
    expect(await found()).toEqual(ROWS);
    expect(heard).toHaveLength(2);
  });

  it.each<[string, (folder: string) => Promise<void>]>([
    ['bytes of its log are flipped', (path) => flipLog(path)],
    ['its log is gone', async (path) => rm(await logOf(path))],
    ['CURRENT is nonsense', (path) => writeFile(join(path, 'CURRENT'), 'nonsense\n')],
    ['CURRENT is gone', (path) => rm(join(path, 'CURRENT'))],
    ['it is that of another program', (path) => another(path)],
  ])('is refused, and left as it is, where %s', async (_, harm) => {
    await level(ROWS);
    await harm(folder);
    const before = await contentOf(folder);
    for (const _ of [1, 2]) {
      await expect(openRows(folder)).rejects.toMatchObject({
        reason: 'damaged',
        message: expect.stringMatching(/left as it is: .*Put a copy of the folder back/s),
      });
    }
    expect(await contentOf(folder)).toEqual({ ...before, 'berth.lock': '' });
  });

  it('is exported as far as it can be read, and imported by will', async () => {
    await level(ROWS);
    await flipLog(folder);
    const before = await contentOf(folder);
    const { rows, lost } = await salvaged();
    expect(lost).toEqual([expect.stringContaining('dropping')]);
    expect(rows.length).toBeLessThan(ROWS.length);
    expect(await contentOf(folder)).toEqual({ ...before, 'berth.lock': '' });
    expect(await importRows(join(folder, 'other'), Readable.from(rows))).toBe(rows.length);
  });

  it('is exported beside the empty berth.db of a take-over that failed', async () => {
    await level(ROWS);
    await writeFile(join(folder, 'berth.db'), '');
    expect(await salvaged()).toEqual({ rows: ROWS, lost: [] });
  });

  it('is exported from a copy that LevelDB repaired, where it cannot be opened', async () => {
    await level(ROWS);
    await rm(join(folder, 'CURRENT'));
    expect(await salvaged()).toEqual({ rows: ROWS, lost: [expect.stringContaining('does not exist')] });
    expect(await readdir(folder)).not.toContain('CURRENT');
  });

  it('is refused while the older Berth has it open', async () => {
    await level(ROWS);
    const older = spawn(process.execPath, ['--input-type=module', '-e', OLDER, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(older.stdout, 'data');
    await expect(openRows(folder)).rejects.toMatchObject({ reason: 'in_use' });
    older.stdin.end();
    await once(older, 'exit');
    expect(await found()).toEqual(ROWS);
  });

  async function level(rows: readonly Row[]): Promise<void> {
    const db = new ClassicLevel(folder);
    for (const { key, text } of rows) await db.put(key, text);
    await db.close();
  }

  async function salvaged(): Promise<{ readonly rows: Row[]; readonly lost: string[] }> {
    const rows: Row[] = [];
    const lost: string[] = [];
    await readWhatCanBe(folder, async (all) => {
      for await (const one of all) {
        if ('lost' in one) lost.push(one.lost);
        else rows.push(one);
      }
    });
    return { rows, lost };
  }

  async function found(): Promise<readonly Row[]> {
    const rows = await openRows(folder, (what) => heard.push(what));
    const all: Row[] = [];
    for await (const row of rows.read('')) all.push(row);
    await rows.close();
    return all;
  }
});

async function logOf(folder: string): Promise<string> {
  return join(
    folder,
    (await readdir(folder)).find((name) => name.endsWith('.log'))!,
  );
}

async function flipLog(folder: string): Promise<void> {
  const file = await open(await logOf(folder), 'r+');
  const { size } = await file.stat();
  await file.write(Buffer.alloc(8, 0xff), 0, 8, Math.floor(size / 2));
  await file.close();
}

async function another(folder: string): Promise<void> {
  await rm(folder, { recursive: true });
  const db = new ClassicLevel(folder);
  await db.put('a', 'b');
  await db.close();
}

async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const contents = await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
  return Object.fromEntries(names.map((name, at) => [name, contents[at]!]));
}
