import { z } from 'zod';
import { ask } from './answers.js';
import { Failed, Refused } from './failures.js';
import { counted } from './in-short.js';
import { namesIn } from './models-file.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What became of one model. */
interface Deleted {
  readonly name: string;
  readonly refused: Refused | null;
}

/** `delete -f FILE`: withdraws each model that a file names, as far as it was declared over the API. A refusal stops none of the others. */
export async function deleteModels(work: Work, { file }: { readonly file: string }): Promise<void> {
  const names = await namesIn(file);
  const paths = names.map((name) => pathOf('models', name));
  const all: Deleted[] = [];
  for (const [nth, name] of names.entries()) all.push({ name, refused: await deleteOne(work, paths[nth]!) });
  work.terminal.out(work.isJson ? jsonLines({ items: all.map(item) }) : linesOf(all));
  const refused = all.flatMap((one) => (one.refused === null ? [] : [`${one.name}: ${one.refused.message}`]));
  if (refused.length > 0) throw new Failed(`${counted(refused.length, 'model')} not deleted`, refused);
}

async function deleteOne(work: Work, path: string): Promise<Refused | null> {
  try {
    await ask(work.asking(), { method: 'DELETE', path }, z.unknown());
    return null;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

const item = ({ name, refused }: Deleted): object =>
  refused === null ? { name, deleted: true } : { name, deleted: false, problem: refused.problem };

function linesOf(all: readonly Deleted[]): string[] {
  const deleted = all.filter(({ refused }) => refused === null);
  return [...deleted.map(({ name }) => `${name} is deleted`), `${counted(deleted.length, 'model')} deleted`];
}
