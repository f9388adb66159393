import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Row, StoreUnusable, TITLE_KEY } from '#kept';
import type { Found } from './check.js';
import { lockFailure } from './damage.js';
import { FILES, namesIn, syncFolder } from './folder.js';
import { SqlThread } from './sql-thread.js';

/** The files of LevelDB, in which Berth kept its rows before; the last two hold nothing of what was written. */
const DATA = /^(MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp)|CURRENT)$/;
const OTHERS = /^(LOCK|LOG(\.old)?)$/;
const ASIDE = 'leveldb-taken-over';
const COPY = 'leveldb-copy';
/** Left in the place of `CURRENT`, so that an older Berth refuses the folder and does not begin anew there. */
const NOTE = 'A newer Berth keeps this store in berth.db; the files of before are in leveldb-taken-over.\n';

/** What an operator can do about it. */
const ADVICE =
  'Put a copy of the folder back. To go on with less, move the folder away and `store import` what ' +
  '`berthctl store export` can read of it; an older Berth would start with less in silence';

/** Whether an older Berth kept its rows here, and they were not moved aside yet. */
export async function hasLevel(path: string): Promise<boolean> {
  const names = (await namesIn(path)).filter((name) => DATA.test(name));
  return names.some((name) => name !== 'CURRENT') || (names.length > 0 && !(await isNoted(path)));
}

/** The rows of an older Berth, read from a copy until it is let go. */
interface Level {
  readonly rows: () => AsyncIterable<Row>;
  /** What LevelDB could not read and left out, in its own words. */
  readonly dropped: readonly string[];
  letGo(): Promise<void>;
}

/** All rows of before. Refuses with `StoreUnusable` what is damaged and the files of another program. */
export async function wholeLevel(path: string): Promise<Level> {
  const level = await openLevel(path);
  try {
    let hasTitle = false;
    for await (const { key } of level.rows()) hasTitle ||= key === TITLE_KEY;
    if (level.dropped.length > 0) throw damagedLevel(path, level.dropped[0]!);
    if (!hasTitle)
      throw damagedLevel(path, `it lacks ${TITLE_KEY}. Either it was not made by Berth, or rows are lost`);
    return level;
  } catch (error) {
    await level.letGo();
    throw error;
  }
}

/** What can be read of the rows of before, and what LevelDB says of the rest. */
export async function* salvageLevel(path: string): AsyncIterable<Found> {
  let level: Level | undefined;
  try {
    level = await openLevel(path, true);
    let hasTitle = false;
    for (const lost of level.dropped) yield { lost };
    for await (const row of level.rows()) {
      hasTitle ||= row.key === TITLE_KEY;
      yield row;
    }
    if (!hasTitle) yield { lost: `${TITLE_KEY} is missing` };
  } catch (error) {
    if (error instanceof StoreUnusable && error.reason !== 'damaged') throw error;
    yield { lost: (error as Error).message };
  } finally {
    await level?.letGo();
  }
}

/**
 * Makes room, once the rows are safe elsewhere. Hands back where the files are. A crash in between leaves the rest to the next
 * start, which knows by `CURRENT`: that is the last to go, and the note takes its place in one step.
 */
export async function moveLevelAside(path: string): Promise<string> {
  const aside = join(path, ASIDE);
  const [current, next] = [join(path, 'CURRENT'), join(path, 'CURRENT.next')];
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const name of await namesIn(path)) {
    if (name !== 'CURRENT' && (DATA.test(name) || OTHERS.test(name)))
      await rename(join(path, name), join(aside, name));
  }
  await writeFile(join(aside, 'CURRENT'), await readFile(current), { mode: 0o600, flush: true });
  await writeFile(next, NOTE, { mode: 0o600, flush: true });
  await rename(next, current);
  await syncFolder(path);
  return aside;
}

/** Berth cannot know which of the two is meant: what was declared since the first was taken over is in the other one alone. */
export function twoStores(path: string): StoreUnusable {
  return new StoreUnusable(
    'two_stores',
    `the folder ${path} has a store (${FILES.db}) and that of an older Berth in LevelDB (CURRENT, MANIFEST-*, *.log, *.ldb). ` +
      `Move one of the two out of the folder: the files of LevelDB, or ${Object.values(FILES).join(', ')}`,
  );
}

async function isNoted(path: string): Promise<boolean> {
  return (await readFile(join(path, 'CURRENT'), 'utf8').catch(() => '')) === NOTE;
}

/** LevelDB changes a folder that it opens, and throws away what it cannot read: it gets a copy. */
async function openLevel(path: string, mayRepair = false): Promise<Level> {
  const copy = join(path, COPY);
  const lock = await lockLevel(path);
  let db: ClassicLevel | undefined;
  const letGo = async (): Promise<void> => {
    await db?.close();
    await rm(copy, { recursive: true, force: true });
    await lock.end();
  };
  try {
    await copyData(path, copy);
    const opened = new ClassicLevel(copy, { createIfMissing: false });
    db = opened;
    const dropped = await openOrRepair(opened, path, mayRepair);
    return { rows: () => rowsOf(opened, path), dropped, letGo };
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** Hands back what is lost. */
async function openOrRepair(db: ClassicLevel, path: string, mayRepair: boolean): Promise<string[]> {
  const broken = await db.open().catch((error: unknown) => wordsOf(error));
  if (broken === undefined) return droppedFrom(db.location);
  if (!mayRepair) throw damagedLevel(path, broken);
  await ClassicLevel.repair(db.location);
  await db.open();
  return [`LevelDB, before it repaired its copy: ${broken}`, ...(await droppedFrom(db.location))];
}

/** LevelDB and SQLite lock with the same call of the system: nothing is copied while an older Berth writes. */
async function lockLevel(path: string): Promise<SqlThread> {
  const thread = new SqlThread();
  try {
    if ((await namesIn(path)).includes('LOCK')) await thread.lock(join(path, 'LOCK'));
    return thread;
  } catch (error) {
    await thread.end();
    throw lockFailure(path, 'LOCK', error);
  }
}

async function copyData(path: string, copy: string): Promise<void> {
  try {
    await rm(copy, { recursive: true, force: true });
    await mkdir(copy, { mode: 0o700 });
    for (const name of await namesIn(path)) {
      if (DATA.test(name)) await copyFile(join(path, name), join(copy, name));
    }
  } catch (cause) {
    const message = `the store in ${path} cannot be copied to ${copy}: ${(cause as Error).message}`;
    throw new StoreUnusable('unreachable', message, { cause });
  }
}

async function* rowsOf(db: ClassicLevel, path: string): AsyncIterable<Row> {
  try {
    for await (const [key, text] of db.iterator()) yield { key, text };
  } catch (error) {
    throw damagedLevel(path, wordsOf(error));
  }
}

/** LevelDB leaves out what it cannot read, and says so in a file of its own only. */
async function droppedFrom(copy: string): Promise<string[]> {
  const log = await readFile(join(copy, 'LOG'), 'utf8').catch(() => '');
  return log.split('\n').filter((line) => line.includes('dropping'));
}

function wordsOf(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  return (cause as Error).message;
}

function damagedLevel(path: string, what: string): StoreUnusable {
  return new StoreUnusable(
    'damaged',
    `the store in ${path}, which an older Berth kept in LevelDB, is damaged and was left as it is: ${what}. ${ADVICE}`,
  );
}
