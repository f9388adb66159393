import { createHash } from 'node:crypto';
import type { Row, RowWrite } from '#store';
import type { Columns, Step } from './sql-thread.js';

/** Marks a file of SQLite as ours: "Brth". */
export const APPLICATION_ID = 0x42727468;
const LAYOUT = 1;
/** Hashes and their sums have 52 bits: a number of JavaScript holds them all. */
const MASK = 2 ** 52 - 1;

/** Makes the tables. `books` has one row: how many rows there are, and the sum of their hashes, kept in step by each batch. */
export const MAKE_TABLES: Step = [
  `PRAGMA application_id = ${APPLICATION_ID};
   PRAGMA user_version = ${LAYOUT};
   CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL, hash INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE books (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;
   INSERT INTO books VALUES (1, 0, 0);`,
];

/** What the books say, and what is not asked for by a batch. */
export const READ_BOOKS = 'SELECT count, sum FROM books WHERE id = 1';
export const READ_ONE = 'SELECT key, value, hash FROM rows WHERE key = CAST(? AS BLOB)';
export const READ_FROM = 'SELECT key, value, hash FROM rows WHERE key >= CAST(? AS BLOB) ORDER BY key';
export const READ_AFTER = 'SELECT key, value, hash FROM rows WHERE key > CAST(? AS BLOB) ORDER BY key';
export const READ_BEFORE =
  'SELECT key, value, hash FROM rows WHERE key < CAST(? AS BLOB) ORDER BY key DESC LIMIT 1';

const FORGET = `UPDATE books SET count = count - 1,
  sum = (sum - (SELECT hash FROM rows WHERE key = CAST(?1 AS BLOB))) & ${MASK}
  WHERE EXISTS (SELECT 1 FROM rows WHERE key = CAST(?1 AS BLOB))`;
const REMOVE = 'DELETE FROM rows WHERE key = CAST(? AS BLOB)';
const INSERT = 'INSERT INTO rows VALUES (CAST(? AS BLOB), CAST(? AS BLOB), ?)';
const COUNT = `UPDATE books SET count = count + 1, sum = (sum + ?) & ${MASK}`;

/** The statements that make a batch so. */
export function stepsOf(batch: readonly RowWrite[]): Step[] {
  return batch.flatMap(({ key, text }): Step[] => {
    const remove: Step[] = [
      [FORGET, key],
      [REMOVE, key],
    ];
    if (text === null) return remove;
    const hash = hashOf(key, text);
    return [...remove, [INSERT, key, text, hash], [COUNT, hash]];
  });
}

/** A row as it was read; undefined where it is not what was written. */
export function rowOf([key, text, hash]: Columns): Row | undefined {
  const row = { key: String(key), text: String(text) };
  return hashOf(row.key, row.text) === hash ? row : undefined;
}

/** Counts rows as the books do. */
export class Tally {
  count = 0;
  sum = 0;

  add({ key, text }: Row): void {
    this.count += 1;
    this.sum = (this.sum + hashOf(key, text)) % (MASK + 1);
  }
}

function hashOf(key: string, text: string): number {
  const hash = createHash('sha256')
    .update(`${Buffer.byteLength(key)} ${key}`)
    .update(text)
    .digest();
  return hash.readUIntBE(0, 6) * 16 + (hash[6]! >> 4);
}
