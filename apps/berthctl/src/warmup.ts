import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Column,
  NAME,
  NAME_RULE,
  table,
  type WarmupMessage,
  warmupSchema,
  type WarmupsMessage,
  warmupsSchema,
} from '#contracts';
import { ask } from './answers.js';
import { Failed, Usage } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** Interval between questions about a warm-up whose end is waited for. */
const EVERY_MS = 500;

const COLUMNS: Column<WarmupsMessage['items'][number]>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'READY', cell: ({ ready }) => String(ready) },
  { title: 'FAILED', cell: ({ failed }) => String(failed) },
  { title: 'LEFT', cell: ({ left }) => String(left) },
  { title: 'CREATED', cell: ({ createdAt }) => createdAt },
];

interface Waiting {
  readonly waitMs?: number;
}

/** `warmup start M...` takes several words, which commander hands over as one list. */
type Models = string | readonly string[];

/** `warmup start M...`: with `waitMs`, done only once all of them are ready. */
export async function start(work: Work, given: readonly Models[], { waitMs }: Waiting): Promise<void> {
  const models = [given[0] ?? []].flat();
  const bad = models.find((model) => !NAME.test(model));
  if (bad !== undefined) throw new Usage(`'${bad}' ${NAME_RULE}`);
  const question = { method: 'POST', path: '/v1/warmups', body: { models } } as const;
  const begun = await ask(work.asking(), question, warmupSchema);
  tell(work, await waitedFor(work, begun, waitMs), waitMs);
}

/** `warmup list`. */
export async function list(work: Work): Promise<void> {
  const { items } = await ask(work.asking(), { method: 'GET', path: '/v1/warmups' }, warmupsSchema);
  const lines = items.length === 0 ? ['no warm-ups are kept'] : table(COLUMNS, items);
  work.terminal.out(work.isJson ? jsonLines({ items }) : lines);
}

/** `warmup get ID`. */
export async function get(work: Work, id: string, { waitMs }: Waiting): Promise<void> {
  tell(work, await waitedFor(work, await find(work, id), waitMs), waitMs);
}

/** `warmup cancel ID`. */
export async function cancel(work: Work, id: string): Promise<void> {
  tell(work, await ask(work.asking(), { method: 'DELETE', path: pathOf(id) }, warmupSchema), undefined);
}

const find = (work: Work, id: string): Promise<WarmupMessage> =>
  ask(work.asking(), { method: 'GET', path: pathOf(id) }, warmupSchema);

const pathOf = (id: string): string => `/v1/warmups/${encodeURIComponent(id)}`;

/** The warm-up as it is once it has ended, or once the time is over. */
async function waitedFor(work: Work, begun: WarmupMessage, waitMs = 0): Promise<WarmupMessage> {
  const until = performance.now() + waitMs;
  let found = begun;
  while (found.endedAt === null && performance.now() < until) {
    await sleep(EVERY_MS);
    found = await find(work, found.id);
  }
  return found;
}

/** Throws where the end was waited for, and not all models are ready. */
function tell(work: Work, warmup: WarmupMessage, waitMs: number | undefined): void {
  const { id, state, ready, failed, left, models } = warmup;
  const sentence = `warm-up ${id} is ${state}: ${ready} ready, ${failed} failed, ${left} left`;
  const problems = models.filter((one) => one.state === 'failed');
  work.terminal.out(work.isJson ? jsonLines(warmup) : [sentence, ...tableOf(problems)]);
  if (waitMs !== undefined && ready < models.length) {
    throw new Failed(`not all models of ${id} are ready: ${failed} failed, ${left} left`);
  }
}

function tableOf(models: WarmupMessage['models']): string[] {
  if (models.length === 0) return [];
  return table(
    [
      { title: 'MODEL', cell: ({ model }) => model },
      { title: 'REASON', cell: ({ reason }) => reason ?? '' },
    ],
    models,
  );
}
