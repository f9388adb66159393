import { type ModelMessage, modelSchema, serverSchema } from '#contracts';
import { ask } from './answers.js';
import type { Question } from './call.js';
import { Failed, Usage } from './failures.js';
import { notes, whereabouts } from './model-table.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** `--until` as Berth takes it. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** `pin M`: keeps copies of a model resident. */
export async function pin(
  work: Work,
  model: string,
  { copies, until }: { readonly copies: number; readonly until?: string },
): Promise<void> {
  const body = { copies, ...(until === undefined ? {} : { until: momentIn(until) }) };
  const answer = await order(work, { method: 'PUT', path: `${pathOf('models', model)}/pin`, body });
  const end = answer.pin?.until == null ? '' : ` until ${answer.pin.until}`;
  const many = answer.pin?.copies ?? copies;
  tell(
    work,
    answer,
    `${model} is pinned: ${many} ${many === 1 ? 'copy' : 'copies'}${end}; ${standing(answer)}`,
  );
}

/** `unpin M`. */
export async function unpin(work: Work, model: string): Promise<void> {
  const answer = await order(work, { method: 'DELETE', path: `${pathOf('models', model)}/pin` });
  tell(work, answer, `${model} is not pinned any more; ${standing(answer)}`);
}

/** `load M`: with `waitMs`, done only once it is ready. */
export async function load(
  work: Work,
  model: string,
  { waitMs }: { readonly waitMs?: number },
): Promise<void> {
  const path = `${pathOf('models', model)}/load${waitQuery(waitMs)}`;
  const answer = await order(work, { method: 'POST', path, waitMs: waitMs ?? 0 });
  const isReady = answer.state === 'ready';
  tell(
    work,
    answer,
    isReady ? `${model} is ready on ${whereabouts(answer.copies)}` : `the load of ${model} is ordered`,
  );
  if (waitMs !== undefined && !isReady) throw notYet(work, answer, `${model} did not get ready`);
}

/** `unload M`: with `waitMs`, done only once no copy is left. */
export async function unload(
  work: Work,
  model: string,
  { waitMs, force = false }: { readonly waitMs?: number; readonly force?: boolean },
): Promise<void> {
  const path = `${pathOf('models', model)}/unload${waitQuery(waitMs)}`;
  const answer = await order(work, { method: 'POST', path, body: { force }, waitMs: waitMs ?? 0 });
  const isGone = answer.copies.length === 0;
  tell(work, answer, isGone ? `${model} is not loaded any more` : `the unload of ${model} is ordered`);
  if (waitMs !== undefined && !isGone) throw notYet(work, answer, `${model} did not leave`);
}

/** `reload M`: with `waitMs`, done only once every copy has come back. */
export async function reload(
  work: Work,
  model: string,
  { waitMs }: { readonly waitMs?: number },
): Promise<void> {
  const path = `${pathOf('models', model)}/reload${waitQuery(waitMs)}`;
  const answer = await order(work, { method: 'POST', path, waitMs: waitMs ?? 0 });
  const isBack = answer.copies.length > 0 && answer.copies.every(({ phase }) => phase === 'ready');
  const isDone = waitMs !== undefined && isBack;
  tell(
    work,
    answer,
    isDone ? `${model} is ready again on ${whereabouts(answer.copies)}` : `the reload of ${model} is ordered`,
  );
  if (waitMs !== undefined && !isBack) throw notYet(work, answer, `${model} was not loaded anew`);
}

/** `drain S`: what serves there is loaded elsewhere first. */
export async function drain(
  work: Work,
  server: string,
  { deadlineMs }: { readonly deadlineMs?: number },
): Promise<void> {
  const question = {
    method: 'POST',
    path: `${pathOf('servers', server)}/drain`,
    body: { deadlineMs },
  } as const;
  const answer = await ask(work.asking(), question, serverSchema);
  tell(work, answer, `the drain of ${server} is ordered`);
}

/** `undrain S`. */
export async function undrain(work: Work, server: string): Promise<void> {
  const question = { method: 'POST', path: `${pathOf('servers', server)}/undrain` } as const;
  const answer = await ask(work.asking(), question, serverSchema);
  tell(work, answer, `${server} is not drained any more`);
}

const order = (work: Work, question: Question): Promise<ModelMessage> =>
  ask(work.asking(), question, modelSchema);

const tell = (work: Work, answer: unknown, sentence: string): void =>
  work.terminal.out(work.isJson ? jsonLines(answer) : [sentence]);

const waitQuery = (waitMs: number | undefined): string => (waitMs === undefined ? '' : `?waitMs=${waitMs}`);

const standing = ({ state, copies }: ModelMessage): string =>
  copies.length > 0 ? `it is ${state} on ${whereabouts(copies)}` : `it is ${state}`;

function notYet({ now }: Work, answer: ModelMessage, what: string): Failed {
  return new Failed(`${what} in that time: ${standing(answer)}`, notes(answer, now()));
}

function momentIn(text: string): string {
  if (!MOMENT.test(text) || Number.isNaN(Date.parse(text)) || !isDay(text.slice(0, 10))) {
    throw new Usage(`--until must be a time like 2026-01-31T12:00:00Z, not '${text}'`);
  }
  return new Date(text).toISOString();
}

/** What Date reads as a day may be one of the next month: it takes the 31st of February for the 3rd of March. */
const isDay = (text: string): boolean => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
