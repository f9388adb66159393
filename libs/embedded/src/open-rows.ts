import { join } from 'node:path';
import type { Row, Rows } from '#kept';
import { checkAll, isEmpty } from './check.js';
import { damaged, openFailure } from './damage.js';
import { FILES, mark, type Present } from './folder.js';
import { fill } from './fill.js';
import { type HeldFolder, holdFolder } from './held-folder.js';
import { hasLevel, moveLevelAside, twoStores, wholeLevel } from './level.js';
import { SqlRows } from './sql-rows.js';

/** What became of a store that an older Berth kept in LevelDB. */
export interface TakenOver {
  /** How many there are now. */
  readonly rows: number;
  /** Where the old files are now. */
  readonly movedTo: string;
}

/** Opens the rows in a folder, making it where there is none. Refuses with `StoreUnusable`. */
export async function openRows(
  folder: string,
  onTakenOver: (what: TakenOver) => void = () => {},
): Promise<Rows> {
  const held = await holdFolder(folder);
  try {
    await openChecked(held, onTakenOver);
    return new SqlRows(held);
  } catch (error) {
    await held.letGo();
    throw openFailure(held.path, error);
  }
}

async function openChecked(held: HeldFolder, onTakenOver: (what: TakenOver) => void): Promise<void> {
  const { path, thread, present } = held;
  refuseMissing(path, present);
  const isOld = await hasLevel(path);
  if (isOld && present.mark) throw twoStores(path);
  const isNew = !present.db || (await isEmptyFile(held));
  if (isNew && present.mark) throw damaged(path, 'berth.db is empty');
  const rows = isNew ? await begin(held, isOld) : await checkAll(thread, path);
  const movedTo = isOld ? await moveLevelAside(path) : null;
  if (!present.mark) await mark(path);
  if (movedTo !== null) onTakenOver({ rows, movedTo });
}

/** Makes the tables, with the rows of an older Berth where there are some: what is wrong with these is found before. */
async function begin({ path, thread }: HeldFolder, isOld: boolean): Promise<number> {
  const level = isOld ? await wholeLevel(path) : undefined;
  try {
    await thread.open(join(path, FILES.db), true);
    return await fill(thread, level?.rows() ?? nothing());
  } finally {
    await level?.letGo();
  }
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
