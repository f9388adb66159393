import type { Row } from '#store';
import { damaged } from './damage.js';
import { APPLICATION_ID, READ_AFTER, READ_BOOKS, READ_FROM, rowOf, Tally } from './layout.js';
import type { SqlThread } from './sql-thread.js';

const PAGE_BYTES = 2 ** 20;

/** A row that is as it was written, or what is wrong there. */
export type Found = Row | { readonly lost: string };

/** Whether the file that is open holds nothing at all. */
export async function isEmpty(thread: SqlThread): Promise<boolean> {
  const [schema] = await thread.all('SELECT count(*) FROM sqlite_schema');
  return schema?.[0] === 0;
}

/** Reads everything, and refuses what is not as it was written. */
export async function checkAll(thread: SqlThread, path: string): Promise<void> {
  const [mark] = await thread.all('PRAGMA application_id');
  if (mark?.[0] !== APPLICATION_ID) throw damaged(path, 'berth.db was not made by Berth');
  const [pages] = await thread.all('PRAGMA integrity_check(1)');
  if (pages?.[0] !== 'ok') throw damaged(path, `SQLite found in berth.db: ${String(pages?.[0])}`);
  const tally = new Tally();
  for await (const found of everyRow(thread)) {
    if ('lost' in found) throw damaged(path, `the row ${found.lost} is not what was written`);
    tally.add(found);
  }
  const difference = await booksDiffer(thread, tally);
  if (difference !== null) throw damaged(path, difference);
}

/** What the books say against what was read; null where they agree. */
export async function booksDiffer(thread: SqlThread, { count, sum }: Tally): Promise<string | null> {
  const [books] = await thread.all(READ_BOOKS);
  if (books?.[0] === count && books[1] === sum) return null;
  return `it has ${count} rows, and its books say ${String(books?.[0])}, or that others are there`;
}

/** Every row, or the key of what is there in its place. One at a time: then a page that cannot be read costs no row before it. */
export async function* everyRow(thread: SqlThread, isOneByOne = false): AsyncIterable<Found> {
  const limit = isOneByOne ? ' LIMIT 1' : '';
  let page = await thread.all(READ_FROM + limit, [''], PAGE_BYTES);
  while (page.length > 0) {
    for (const columns of page) yield rowOf(columns) ?? { lost: String(columns[0]) };
    page = await thread.all(READ_AFTER + limit, [String(page.at(-1)![0])], PAGE_BYTES);
  }
}
