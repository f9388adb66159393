import type { z } from 'zod';
import { pageSchema, problemSchema } from '#contracts';
import { call, MAX_BYTES, type Question, type Reply } from './call.js';
import { Failed } from './failures.js';
import { refusedWith } from './refused-with.js';
import type { Target } from './target.js';

/** The server to ask, and how long the answer may take beside what Berth was asked to wait, in milliseconds. */
export interface Asking {
  readonly target: Target;
  readonly patience: number;
}

/** What narrows a list, by the names the API has for it. */
export type Filters = readonly (readonly [name: string, value: string])[];

const PAGE_SIZE = 500;
const MAX_PAGES = 100;

/** Asks, and checks that the answer is what the contract says. Throws where Berth refuses. */
export async function ask<Answer>(
  asking: Asking,
  question: Question,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  return (await answered(asking, question, schema)).answer;
}

/** Asks for all pages of a list, one after the other. */
export async function askForAll<Item>(
  asking: Asking,
  { path, filters }: { readonly path: string; readonly filters: Filters },
  schema: z.ZodType<Item>,
): Promise<Item[]> {
  const items: Item[] = [];
  const query = new URLSearchParams(filters.map(([name, value]): [string, string] => [name, value]));
  query.set('pageSize', String(PAGE_SIZE));
  let mostBytes = MAX_BYTES;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const question = { method: 'GET', path: `${path}?${query.toString()}`, mostBytes } as const;
    const { answer, bytes } = await answered(asking, question, pageSchema(schema));
    for (const item of answer.items) items.push(item);
    if (answer.nextPageToken === '') return items;
    query.set('pageToken', answer.nextPageToken);
    mostBytes -= bytes;
  }
  throw new Failed(`the list has more than ${MAX_PAGES} pages`, ['--state and --label make it shorter.']);
}

async function answered<Answer>(
  { target, patience }: Asking,
  question: Question,
  schema: z.ZodType<Answer>,
): Promise<{ readonly answer: Answer; readonly bytes: number }> {
  const reply = await call(target, question, patience);
  const body = parsed(reply.text);
  if (reply.status >= 200 && reply.status < 300) {
    return { answer: checked(schema, body, target), bytes: reply.bytes };
  }
  const problem = problemSchema.safeParse(body);
  if (problem.success) throw refusedWith(problem.data, reply.retryAfter);
  throw new Failed(`${target.url} answers ${reply.status}, and not in the words of Berth`, hintsFor(reply));
}

/** Undefined, which is no JSON, where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A newer Berth may say more than we know of: what it adds is handed on as it came. */
function checked<Answer>(schema: z.ZodType<Answer>, body: unknown, { url }: Target): Answer {
  const { error } = schema.safeParse(body);
  const wrong = error?.issues.find(({ code }) => code !== 'unrecognized_keys');
  if (wrong === undefined) return body as Answer;
  const where = wrong.path.length > 0 ? ` (${wrong.path.join('.')}: ${wrong.message})` : '';
  throw new Failed(`${url} answers with what is no answer of Berth${where}`, [
    'Is it Berth, and of the version of this berthctl?',
  ]);
}

function hintsFor({ status }: Reply): readonly string[] {
  if (status === 401 || status === 403)
    return ['A key is given by --key-file or in BERTH_KEY, a token in BERTH_TOKEN.'];
  if (status >= 300 && status < 400) return ['It sends elsewhere, which is not followed: give that address.'];
  return ['Is it the address of Berth?'];
}
