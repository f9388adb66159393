import { join } from 'node:path';
import type { Row, Rows } from '#store';
import { checkAll, isEmpty } from './check.js';
import { damaged, openFailure } from './damage.js';
import { FILES, mark, type Present } from './folder.js';
import { fill } from './fill.js';
import { type HeldFolder, holdFolder } from './held-folder.js';
import { SqlRows } from './sql-rows.js';

/** Opens the rows in a folder, making it where there is none. Refuses with `StoreUnusable`. */
export async function openRows(folder: string): Promise<Rows> {
  const held = await holdFolder(folder);
  try {
    await openChecked(held);
    return new SqlRows(held);
  } catch (error) {
    await held.letGo();
    throw openFailure(held.path, error);
  }
}

async function openChecked(held: HeldFolder): Promise<void> {
  const { path, thread, present } = held;
  refuseMissing(path, present);
  const isNew = !present.db || (await isEmptyFile(held));
  if (isNew && present.mark) throw damaged(path, 'berth.db is empty');
  if (isNew) await begin(held);
  else await checkAll(thread, path);
  if (!present.mark) await mark(path);
}

/** Makes the tables. */
async function begin({ path, thread }: HeldFolder): Promise<void> {
  await thread.open(join(path, FILES.db), true);
  await fill(thread, nothing());
}

async function isEmptyFile({ path, thread }: HeldFolder): Promise<boolean> {
  await thread.open(join(path, FILES.db), false);
  return isEmpty(thread);
}

/** SQLite would make an empty file where one is missing. */
function refuseMissing(path: string, { db, mark: hasMark }: Present): void {
  if (hasMark && !db) throw damaged(path, 'the file berth.db is missing');
}

async function* nothing(): AsyncIterable<Row> {}
