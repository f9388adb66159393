import type { z } from 'zod';
import type { Rows, RowWrite } from './rows.js';
import { decode, encode } from './values.js';

/** Values of one kind, under one prefix. */
export type Table<T> = { readonly prefix: string; readonly schema: z.ZodType<T> };

/** What a table holds, and the keys under which there is something that makes no sense. */
export type Contents<T> = { readonly values: ReadonlyMap<string, T>; readonly damaged: readonly string[] };

/** The write that makes a row of the table say `value`. */
export function rowWrite<T>({ prefix, schema }: Table<T>, name: string, value: T | null): RowWrite {
  const key = `${prefix}${name}`;
  return { key, text: value === null ? null : encode(schema, key, value) };
}

/** Reads a whole table, of each value what `part` takes of it. */
export async function readTable<T, Part = T>(
  rows: Rows,
  { prefix, schema }: Table<T>,
  part: (value: T) => Part = (value) => value as unknown as Part,
): Promise<Contents<Part>> {
  const values = new Map<string, Part>();
  const damaged: string[] = [];
  for await (const { key, text } of rows.read(prefix)) {
    const value = decode(schema, text);
    if (value === undefined) damaged.push(key);
    else values.set(key.slice(prefix.length), part(value));
  }
  return { values, damaged };
}
