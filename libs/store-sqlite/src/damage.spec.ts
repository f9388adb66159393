import { cp, mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Row, StoreUnusable } from '#store';
import { Random } from '../../../test/simulation/random.js';
import { lockFailure, openFailure } from './damage.js';
import { openRows } from './index.js';
import { stepsOf } from './layout.js';
import { SqlFailed, SqlStopped, SqlThread } from './sql-thread.js';

/** What is done to a store: as many times for each of its files, each time to a fresh copy. */
const FLIPS = 60;
const TRUNCATIONS = 25;

const MANY = Array.from({ length: 40 }, (_, at) => row(at, 'first'));
const LATER = MANY.map((_, at) => row(at, 'later'));

describe('a store that cannot be opened', () => {
  it.each([
    ['SQLITE_CORRUPT', 'damaged'],
    ['SQLITE_NOTADB', 'damaged'],
    ['SQLITE_BUSY', 'in_use'],
    ['SQLITE_CANTOPEN', 'unreachable'],
    ['EACCES', 'unreachable'],
    ['SQLITE_INTERNAL', 'unreachable'],
    [undefined, 'unreachable'],
  ])('is called damaged only where SQLite says so: %s', (code, reason) => {
    expect(openFailure('/folder', new SqlFailed('words', code))).toMatchObject({ reason });
  });

  it('is not called damaged where SQLite does not run, nor is its lock', () => {
    const gone = new SqlStopped('the thread of SQLite died: no memory');
    for (const failure of [openFailure('/folder', gone), lockFailure('/folder', 'berth.lock', gone)]) {
      expect(failure).toMatchObject({
        reason: 'no_sqlite',
        message: 'the store in /folder cannot be opened: the thread of SQLite died: no memory',
      });
    }
  });
});

describe('a store that is damaged', () => {
  let random: Random;
  let scratch: string;
  /** As it was closed in good order. */
  let whole: string;
  /** As a crash in the middle of a batch leaves it: some of the new pages, and the journal of what was there before. */
  let halfWay: string;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'berth-damage-'));
    whole = await storeWith(join(scratch, 'whole'));
    halfWay = await crashed(whole, join(scratch, 'half-way'));
  });

  beforeEach(() => {
    random = new Random(19, 'damage');
  });

  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it('is there with nothing but what was acknowledged after a crash in the middle of a batch', async () => {
    expect((await readdir(halfWay)).sort()).toEqual([
      'berth.db',
      'berth.db-journal',
      'berth.lock',
      'berth.store',
    ]);
    expect(await found(await copyOf(halfWay))).toEqual(MANY);
  });

  it.each([['whole'], ['half-way']])(
    'is refused, or has everything, where bits are flipped: %s',
    async (which) => {
      const told = { refused: 0, unharmed: 0 };
      for (const name of ['berth.db', 'berth.db-journal'].slice(0, which === 'whole' ? 1 : 2)) {
        for (let time = 0; time < FLIPS; time += 1) {
          const copy = await copyOf(join(scratch, which));
          await flip(join(copy, name), 8);
          told[await outcome(copy)] += 1;
        }
      }
      expect(told.refused).toBeGreaterThan(10);
    },
  );

  it.each([['whole'], ['half-way']])(
    'is refused, or has everything, where files are cut: %s',
    async (which) => {
      for (const name of ['berth.db', 'berth.db-journal'].slice(0, which === 'whole' ? 1 : 2)) {
        for (let time = 0; time < TRUNCATIONS; time += 1) {
          const copy = await copyOf(join(scratch, which));
          const { size } = await stat(join(copy, name));
          await truncate(join(copy, name), time === 0 ? 0 : random.between(0, size - 1));
          const what = await outcome(copy);
          if (which === 'whole') expect(what).toBe('refused');
        }
      }
    },
  );

  it.each([
    ['whole', 'berth.db', 'refused'],
    ['whole', 'berth.lock', 'unharmed'],
    ['whole', 'berth.store', 'unharmed'],
    ['half-way', 'berth.db', 'refused'],
    ['half-way', 'berth.db-journal', 'refused'],
    ['half-way', 'berth.store', 'unharmed'],
  ])('%s, without %s, is %s', async (which, name, expected) => {
    const copy = await copyOf(join(scratch, which));
    await rm(join(copy, name));
    expect(await outcome(copy)).toBe(expected);
    expect(await outcome(copy)).toBe(expected);
  });

  /** Whether it is refused in words that help; where it is not, it has what was acknowledged and nothing else. */
  async function outcome(folder: string): Promise<'refused' | 'unharmed'> {
    try {
      expect(await found(folder)).toEqual(MANY);
      return 'unharmed';
    } catch (error) {
      if (!(error instanceof StoreUnusable)) throw error;
      expect(error.reason).toBe('damaged');
      expect(error.message).toContain(folder);
      expect(error.message).toContain('berthctl store check');
      return 'refused';
    }
  }

  async function copyOf(folder: string): Promise<string> {
    const copy = await mkdtemp(join(scratch, 'copy-'));
    await cp(folder, copy, { recursive: true });
    return copy;
  }

  async function flip(path: string, bytes: number): Promise<void> {
    const file = await open(path, 'r+');
    const { size } = await file.stat();
    const at = random.between(0, size - bytes);
    const { buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, at);
    await file.write(
      buffer.map((byte) => byte ^ random.between(1, 255)),
      0,
      bytes,
      at,
    );
    await file.close();
  }
});

function row(at: number, word: string): Row {
  return { key: `told/model/m${String(at).padStart(2, '0')}`, text: `${word} `.repeat(20 + at * 20) };
}

async function storeWith(folder: string): Promise<string> {
  const rows = await openRows(folder);
  for (const one of MANY) await rows.write([one]);
  await rows.close();
  return folder;
}

/** The files as they are while a batch has been written in part: a cache of no size lets no page wait for the commit. */
async function crashed(from: string, folder: string): Promise<string> {
  const running = `${folder}-running`;
  await cp(from, running, { recursive: true });
  const thread = new SqlThread();
  await thread.open(join(running, 'berth.db'), false, ['cache_size = 1']);
  await thread.run([['BEGIN IMMEDIATE'], ...stepsOf(LATER)]);
  await cp(running, folder, { recursive: true });
  await thread.end();
  return folder;
}

async function found(folder: string): Promise<readonly Row[]> {
  const rows = await openRows(folder);
  try {
    const all: Row[] = [];
    for await (const one of rows.read('')) all.push(one);
    return all;
  } finally {
    await rows.close();
  }
}
