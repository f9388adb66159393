import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { type Row, StoreUnusable, TITLE_KEY } from '#kept';
import { damaged } from './damage.js';
import { namesIn, syncFolder } from './folder.js';

/** The files of LevelDB, in which Berth kept its rows before; the last two hold nothing of what was written. */
const DATA = /^(MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp)|CURRENT)$/;
const OTHERS = /^(LOCK|LOG(\.old)?)$/;
const ASIDE = 'leveldb-taken-over';
/** Left in the place of `CURRENT`, so that an older Berth refuses the folder and does not begin anew there. */
const NOTE = 'A newer Berth keeps this store in berth.db; the files of before are in leveldb-taken-over.\n';

/** Whether an older Berth kept its rows here, and they were not moved aside yet. */
export async function hasLevel(path: string): Promise<boolean> {
  const names = (await namesIn(path)).filter((name) => DATA.test(name));
  return names.some((name) => name !== 'CURRENT') || (names.length > 0 && !(await isNoted(path)));
}

/** All rows of before, and what LevelDB left out of them. Refuses the files of another program. */
export async function rowsOfLevel(
  path: string,
): Promise<{ readonly rows: AsyncIterable<Row>; readonly dropped: readonly string[] }> {
  const db = new ClassicLevel(path, { createIfMissing: false });
  await db.open().catch((error: unknown) => Promise.reject(levelFailure(path, error)));
  const hasTitle = (await db.get(TITLE_KEY)) !== undefined;
  const isEmpty = (await db.keys({ limit: 1 }).all()).length === 0;
  if (!hasTitle && !isEmpty) {
    await db.close();
    throw new StoreUnusable('damaged', `the LevelDB in ${path} was not made by Berth: it lacks ${TITLE_KEY}`);
  }
  return { rows: rowsOf(db, path), dropped: await droppedFrom(path) };
}

/** Makes room, once the rows are safe elsewhere. Hands back where the files are. A crash in between leaves the rest to the next start. */
export async function moveLevelAside(path: string): Promise<string> {
  const aside = join(path, ASIDE);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  const names = (await namesIn(path)).filter((name) => DATA.test(name) || OTHERS.test(name));
  for (const name of names) await rename(join(path, name), join(aside, name));
  await writeFile(join(path, 'CURRENT'), NOTE, { mode: 0o600, flush: true });
  await syncFolder(path);
  return aside;
}

async function isNoted(path: string): Promise<boolean> {
  return (await readFile(join(path, 'CURRENT'), 'utf8').catch(() => '')) === NOTE;
}

async function* rowsOf(db: ClassicLevel, path: string): AsyncIterable<Row> {
  try {
    for await (const [key, text] of db.iterator()) yield { key, text };
  } catch (error) {
    throw levelFailure(path, error);
  } finally {
    await db.close();
  }
}

/** LevelDB leaves out what it cannot read, and says so in a file of its own only. */
async function droppedFrom(path: string): Promise<readonly string[]> {
  const log = await readFile(join(path, 'LOG'), 'utf8').catch(() => '');
  return log.split('\n').filter((line) => line.includes('dropping'));
}

function levelFailure(path: string, error: unknown): StoreUnusable {
  const { cause = error } = error as { readonly cause?: unknown };
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'LEVEL_LOCKED')
    return new StoreUnusable('in_use', `the store in ${path} is in use by another process (${message})`);
  return damaged(path, `what an older Berth kept there in LevelDB cannot be read: ${message}`);
}
