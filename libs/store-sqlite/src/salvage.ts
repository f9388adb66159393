import { join } from 'node:path';
import { lstat, readdir, rm } from 'node:fs/promises';
import { type Row, StoreUnusable, TITLE_KEY } from '#store';
import { booksDiffer, everyRow, type Found } from './check.js';
import { openFailure } from './damage.js';
import { fill } from './fill.js';
import { FILES, mark, refuseOldStore } from './folder.js';
import { type HeldFolder, holdFolder } from './held-folder.js';
import { READ_BEFORE, rowOf, Tally } from './layout.js';
import type { SqlThread } from './sql-thread.js';

/** No key comes after it. */
const BEYOND = '\u{10FFFF}';

/** Hands over what can be read of a store, damaged or not. Refuses with `StoreUnusable` where there is none, or it is in use. */
export async function readWhatCanBe(
  folder: string,
  hear: (found: AsyncIterable<Found>) => Promise<void>,
): Promise<void> {
  await refuseWithoutStore(folder);
  const held = await holdFolder(folder);
  try {
    await hear(everything(held));
  } finally {
    await held.letGo();
  }
}

/** Makes a store of these rows, all or none, in a folder that is not there or empty. Hands back how many there are. */
export async function importRows(folder: string, rows: AsyncIterable<Row>): Promise<number> {
  if ((await namesThere(folder)).length > 0)
    throw new StoreUnusable('in_use', `the folder ${folder} is not empty`);
  const held = await holdFolder(folder);
  try {
    await held.thread.open(join(held.path, FILES.db), true);
    const count = await fill(held.thread, titled(rows));
    await mark(held.path);
    await held.letGo();
    return count;
  } catch (error) {
    await held.letGo();
    for (const name of Object.values(FILES)) await rm(join(held.path, name), { force: true });
    throw openFailure(held.path, error);
  }
}

/** What is in a folder, nothing where there is none. A folder that cannot be listed is not empty: it may hold a store. */
async function namesThere(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new StoreUnusable('unreachable', `the folder ${folder} cannot be looked at: ${error.message}`);
  });
}

/** Rows without their title are no store: the next start would refuse them, or begin anew. */
async function* titled(rows: AsyncIterable<Row>): AsyncIterable<Row> {
  let hasTitle = false;
  for await (const row of rows) {
    hasTitle ||= row.key === TITLE_KEY;
    yield row;
  }
  if (hasTitle) return;
  throw new StoreUnusable(
    'damaged',
    `there is no row ${TITLE_KEY}, with which every store begins: nothing was made. To begin anew, start Berth in an empty folder`,
  );
}

async function* everything({ path, thread, present }: HeldFolder): AsyncIterable<Found> {
  if (!present.mark) yield { lost: `${FILES.mark} is missing` };
  const tally = new Tally();
  try {
    await thread.open(join(path, FILES.db), false);
    for (const lost of await damagedPages(thread)) yield { lost };
    for await (const found of fromBothEnds(thread)) {
      if (!('lost' in found)) tally.add(found);
      yield found;
    }
    const difference = await booksDiffer(thread, tally);
    if (difference !== null) yield { lost: difference };
  } catch (error) {
    yield { lost: `SQLite: ${(error as Error).message}` };
  }
}

/** What SQLite finds wrong with the pages of the file. */
async function damagedPages(thread: SqlThread): Promise<readonly string[]> {
  try {
    const found = await thread.all('PRAGMA integrity_check(10)');
    return found.map(([words]) => String(words)).filter((words) => words !== 'ok');
  } catch (error) {
    return [`SQLite: ${(error as Error).message}`];
  }
}

/** Where a page in the middle cannot be read, what is behind it is reached from the end. */
async function* fromBothEnds(thread: SqlThread): AsyncIterable<Found> {
  let last = '';
  try {
    for await (const found of everyRow(thread, true)) {
      last = 'lost' in found ? found.lost : found.key;
      yield 'lost' in found ? { lost: `${found.lost} is not what was written` } : found;
    }
  } catch (error) {
    yield { lost: `what comes after ${last === '' ? 'the beginning' : last}: ${(error as Error).message}` };
    yield* backwards(thread, last);
  }
}

async function* backwards(thread: SqlThread, until: string): AsyncIterable<Found> {
  let first = BEYOND;
  for (;;) {
    const [columns] = await thread.all(READ_BEFORE, [first]).catch(() => []);
    first = String(columns?.[0] ?? '');
    if (!columns || first <= until) return;
    yield rowOf(columns) ?? { lost: `${first} is not what was written` };
  }
}

async function refuseWithoutStore(folder: string): Promise<void> {
  const found = await lstat(join(folder, FILES.db)).catch(() => undefined);
  if (found) return;
  await refuseOldStore(folder);
  throw new StoreUnusable('unreachable', `there is no store in ${folder}: it has no ${FILES.db}`);
}
