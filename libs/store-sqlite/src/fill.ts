import type { Row } from '#store';
import { MAKE_TABLES, stepsOf } from './layout.js';
import type { SqlThread } from './sql-thread.js';

const PAGE_BYTES = 2 ** 20;

/** Makes the tables in the file that is open, with these rows, all or none. Hands back how many there are. */
export async function fill(thread: SqlThread, rows: AsyncIterable<Row>): Promise<number> {
  let page: Row[] = [];
  let bytes = 0;
  let count = 0;
  await thread.run([['BEGIN IMMEDIATE'], MAKE_TABLES]);
  for await (const row of rows) {
    page.push(row);
    count += 1;
    bytes += row.key.length + row.text.length;
    if (bytes < PAGE_BYTES) continue;
    await thread.run(stepsOf(page));
    page = [];
    bytes = 0;
  }
  await thread.run([...stepsOf(page), ['COMMIT']]);
  return count;
}
