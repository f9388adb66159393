import type { ClassicLevel } from 'classic-level';
import type { z } from 'zod';
import { decode, encode } from './values.js';

/** One thing to be written, or with null removed. */
export type Write = { readonly key: string; readonly text: string | null };

/** Values of one kind, under one prefix. */
export type Table<T> = { readonly prefix: string; readonly schema: z.ZodType<T> };

/** What a table holds, and the keys under which there is something that makes no sense. */
export type Rows<T> = { readonly rows: ReadonlyMap<string, T>; readonly damaged: readonly string[] };

/** Puts all of it on the disk, or none: resolved, it survives a crash of the machine. */
export async function writeAll(db: ClassicLevel, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const operations = writes.map(({ key, text }) => {
    return text === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value: text } as const);
  });
  await db.batch(operations, { sync: true });
}

/** The write that makes a row of the table say `value`. */
export function rowWrite<T>({ prefix, schema }: Table<T>, name: string, value: T | null): Write {
  const key = `${prefix}${name}`;
  return { key, text: value === null ? null : encode(schema, key, value) };
}

/** Reads a whole table. */
export async function readTable<T>(db: ClassicLevel, { prefix, schema }: Table<T>): Promise<Rows<T>> {
  const rows = new Map<string, T>();
  const damaged: string[] = [];
  for await (const [key, text] of db.iterator({ gte: prefix, lt: after(prefix) })) {
    const value = decode(schema, text);
    if (value === undefined) damaged.push(key);
    else rows.set(key.slice(prefix.length), value);
  }
  return { rows, damaged };
}

/** The first key behind all that begin with the prefix, which ends in `/`. */
function after(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
