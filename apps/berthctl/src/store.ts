import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { importRows, readWhatCanBe } from '#store-sqlite';
import { type Row, StoreUnusable } from '#store';
import { Failed } from './failures.js';
import type { Work } from './work.js';

/** Losses that are printed; the others are counted. */
const MAX_TOLD = 20;

const rowSchema = z.strictObject({ key: z.string(), text: z.string() });
/** The last line: without it a file that was cut would pass for the whole. */
const endSchema = z.strictObject({ rows: z.int().min(0) });

/** `store check FOLDER`: whether all of it is as it was written. */
export async function check({ terminal }: Work, folder: string): Promise<void> {
  const { rows, lost } = await everyRow(folder, () => undefined);
  const sum = `${rows} ${rows === 1 ? 'row' : 'rows'} as they were written`;
  if (lost.length > 0) throw new Failed(`the store in ${folder} is damaged; ${sum}, but:`, told(lost));
  terminal.out([`${folder}: ${sum}, and no other`]);
}

/** `store export FOLDER`: what can be read, as JSON lines. */
export async function exportRows({ terminal }: Work, folder: string): Promise<void> {
  const { rows, lost } = await everyRow(folder, (row) => terminal.out([JSON.stringify(row)]));
  terminal.out([JSON.stringify({ rows })]);
  if (lost.length > 0) throw new Failed(`${rows} rows were written; of ${folder} is lost:`, told(lost));
}

/** `store import FOLDER`: a new store of what was exported, all or none. */
export async function importStore({ terminal, input }: Work, folder: string): Promise<void> {
  const count = await unlessUnusable(() => importRows(folder, rowsIn(input)));
  terminal.out([`${folder}: a store of ${count} rows`]);
}

async function everyRow(
  folder: string,
  hear: (row: Row) => void,
): Promise<{ readonly rows: number; readonly lost: readonly string[] }> {
  const lost: string[] = [];
  let rows = 0;
  await unlessUnusable(() =>
    readWhatCanBe(folder, async (all) => {
      for await (const found of all) {
        if ('lost' in found) {
          lost.push(found.lost);
          continue;
        }
        rows += 1;
        hear(found);
      }
    }),
  );
  return { rows, lost };
}

/** The lines are split once they are read: those before that would be lost. */
async function* rowsIn(input: Readable): AsyncIterable<Row> {
  const lines = createInterface({ input, crlfDelay: Infinity });
  let count = 0;
  let isWhole = false;
  for await (const line of lines) {
    if (isWhole)
      throw new Failed(`line ${count + 2}: nothing may follow the line that tells how many rows there are`);
    const read = parsed(line);
    const row = rowSchema.safeParse(read);
    if (row.success) {
      count += 1;
      yield row.data;
      continue;
    }
    const end = endSchema.safeParse(read);
    if (!end.success)
      throw new Failed(`line ${count + 1} is neither {"key": "...", "text": "..."} nor {"rows": N}`);
    if (end.data.rows !== count)
      throw new Failed(
        `the last line tells of ${end.data.rows} rows, and ${count} are there: nothing was made`,
      );
    isWhole = true;
  }
  if (!isWhole)
    throw new Failed('the last line, {"rows": N}, is missing: the export was cut. Nothing was made');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function unlessUnusable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreUnusable) throw new Failed(error.message);
    throw error;
  }
}

function told(lost: readonly string[]): readonly string[] {
  const more = lost.length - MAX_TOLD;
  return more > 0 ? [...lost.slice(0, MAX_TOLD), `and ${more} more`] : lost;
}
