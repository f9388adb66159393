import { z } from 'zod';
import { counted, problemSchema } from '#contracts';
import { ask } from './answers.js';
import { Failed, Refused } from './failures.js';
import { namedIn } from './models-file.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What became of one model or server. */
interface Deleted {
  readonly name: string;
  readonly refused: Refused | null;
}

/**
 * `delete -f FILE`: withdraws each model and server that a file names, as far as it was declared over the API. A refusal stops none
 * of the others. One that Berth does not know counts as done: so a second run ends well after a connection that broke.
 */
export async function deleteNamed(work: Work, { file }: { readonly file: string }): Promise<void> {
  const named = await namedIn(file);
  const paths = named.map(([kind, name]) => pathOf(kind, name));
  const [kind, other] = new Set(named.map(([one]) => one));
  const noun = other ? 'declaration' : kind!.slice(0, -1);
  const all: Deleted[] = [];
  try {
    for (const [nth, [, name]] of named.entries()) {
      const one = { name, refused: await deleteOne(work, paths[nth]!) };
      all.push(one);
      if (!work.isJson) work.terminal.out(lineOf(one));
    }
  } finally {
    work.terminal.out(work.isJson ? jsonLines({ items: all.map(item) }) : [sumOf(all, noun)]);
  }
  const refused = all.filter((one) => !isDone(one)).map((one) => `${one.name}: ${one.refused!.message}`);
  if (refused.length > 0) throw new Failed(`${counted(refused.length, noun)} not deleted`, refused);
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

const isGone = ({ refused }: Deleted): boolean =>
  /^unknown_(model|server)$/.test(problemSchema.safeParse(refused?.problem).data?.reason ?? '');

const isDone = (one: Deleted): boolean => one.refused === null || isGone(one);

const item = ({ name, refused }: Deleted): object =>
  refused === null ? { name, deleted: true } : { name, deleted: false, problem: refused.problem };

/** Refusals have no line here: they are told at the end. */
function lineOf(one: Deleted): string[] {
  if (!isDone(one)) return [];
  return [`${one.name} is ${isGone(one) ? 'gone already' : 'deleted'}`];
}

function sumOf(all: readonly Deleted[], noun: string): string {
  const gone = all.filter(isGone).length;
  const deleted = all.filter(({ refused }) => refused === null).length;
  return `${counted(deleted, noun)} deleted${gone > 0 ? `, ${gone} gone already` : ''}`;
}
