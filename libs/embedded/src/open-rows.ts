import { join } from 'node:path';
import type { Row, Rows } from '#kept';
import { checkAll, isEmpty } from './check.js';
import { damaged, openFailure } from './damage.js';
import { FILES, mark, type Present } from './folder.js';
import { fill } from './fill.js';
import { type HeldFolder, holdFolder } from './held-folder.js';
import { hasLevel, moveLevelAside, rowsOfLevel } from './level.js';
import { SqlRows } from './sql-rows.js';

/** What became of a store that an older Berth kept in LevelDB. */
export interface TakenOver {
  /** How many there are now. */
  readonly rows: number;
  /** Where the old files are now. */
  readonly movedTo: string;
  /** What LevelDB could not read and left out, in its own words. */
  readonly dropped: readonly string[];
}

const NO_LEVEL: Awaited<ReturnType<typeof rowsOfLevel>> = { rows: nothing(), dropped: [] };

/** Opens the rows in a folder, making it where there is none. Refuses with `StoreUnusable`. */
export async function openRows(
  folder: string,
  onTakenOver: (what: TakenOver) => void = () => {},
): Promise<Rows> {
  const held = await holdFolder(folder);
  try {
    await openChecked(held, onTakenOver);
    return new SqlRows(held.path, held.thread, () => held.letGo());
  } catch (error) {
    await held.letGo();
    throw openFailure(held.path, error);
  }
}

async function openChecked(held: HeldFolder, onTakenOver: (what: TakenOver) => void): Promise<void> {
  const { path, thread, present } = held;
  refuseMissing(path, present);
  await thread.open(join(path, FILES.db), true);
  const isNew = await isEmpty(thread);
  if (isNew && present.mark) throw damaged(path, 'berth.db is empty');
  const isOld = await hasLevel(path);
  const level = isNew && isOld ? await rowsOfLevel(path) : NO_LEVEL;
  const rows = isNew ? await fill(thread, level.rows) : await checkAll(thread, path);
  if (!present.mark) await mark(path);
  if (isOld) onTakenOver({ rows, movedTo: await moveLevelAside(path), dropped: level.dropped });
}

/** SQLite would make an empty file where one is missing. */
function refuseMissing(path: string, { db, mark: hasMark }: Present): void {
  if (hasMark && !db) throw damaged(path, 'the file berth.db is missing');
}

async function* nothing(): AsyncIterable<Row> {}
