import { until } from '../support/until.js';
import { plainText } from './plain-text.js';
import type { Side } from './side.js';
import type { Ended, Message } from '../contract/wire.js';

/** All that a client can see of a server which does nothing just then. Lines, so that a difference can be read. */
export type Lines = readonly string[];

/** Waits until nothing comes or goes any more, twice in a row. */
export async function settle(side: Side): Promise<void> {
  let quiet = 0;
  await until(async () => {
    const rows = rowsOf(await side.call('RepositoryIndex'));
    quiet = rows.some(({ state }) => state === 'LOADING' || state === 'UNLOADING') ? 0 : quiet + 1;
    return quiet === 2;
  });
}

/** Looks at all there is to see. */
export async function look(side: Side): Promise<Lines> {
  const [index, ready, statistics, serverReady] = await Promise.all([
    side.call('RepositoryIndex'),
    side.call('RepositoryIndex', { ready: true }),
    side.call('ModelStatistics'),
    side.call('ServerReady'),
  ]);
  const serving = [...new Set(countedRows(statistics).map(({ name }) => name))];
  const models = await Promise.all(serving.map((name) => lookAtModel(side, name)));
  return [
    `server ready: ${told(serverReady)}`,
    ...rowsOf(index).map((row) => `index: ${rowText(row)}`),
    ...rowsOf(ready).map((row) => `index of what is ready: ${rowText(row)}`),
    ...countsOf(statistics),
    ...models.flat(),
  ];
}

async function lookAtModel(side: Side, name: string): Promise<Lines> {
  const methods = ['ModelConfig', 'ModelMetadata'];
  const answers = await Promise.all(methods.map((method) => side.call(method, { name })));
  return answers.flatMap((answer, at) =>
    fieldsOf(answer).map((field) => `${methods[at]} of ${name}: ${field}`),
  );
}

/** An answer field by field; of a configuration the fields of that. */
function fieldsOf(answer: Ended): Lines {
  if (!('value' in answer)) return [told(answer)];
  const { config = answer.value } = answer.value;
  const fields = Object.entries(sorted(config) as Message);
  return ['OK', ...fields.map(([key, field]) => `${key} ${JSON.stringify(field)}`)];
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

function rowsOf(answer: Ended): readonly Row[] {
  return 'value' in answer ? (answer.value['models'] as readonly Row[]) : [];
}

function rowText({ name, version, state, reason }: Row): string {
  return `${name} ${version} ${state} ${reason === '' ? '' : plainText(reason)}`.trim();
}

/** What an answer says; of a refusal the status and the text. */
export function told(answer: Ended): string {
  if (!('value' in answer)) return `${answer.code} ${plainText(answer.text)}`;
  return JSON.stringify(sorted(answer.value));
}

interface Counted {
  readonly name: string;
  readonly version: string;
  readonly last_inference: number;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<string, { readonly count: number } | null>>;
  readonly batch_stats: readonly { readonly batch_size: number }[];
}

/** The counts of statistics; how long something took, and when it was, is for each server to say. */
export function countsOf(answer: Ended): Lines {
  if (!('value' in answer)) return [`statistics: ${told(answer)}`];
  return countedRows(answer).map((row) => {
    const stats = ['success', 'fail', 'queue', 'compute_input', 'compute_infer', 'compute_output'].map(
      (key) => `${key} ${row.inference_stats[key]?.count ?? 0}`,
    );
    const sizes = row.batch_stats.map(({ batch_size }) => batch_size).join(' ');
    const counts = `inferences ${row.inference_count} executions ${row.execution_count} ${stats.join(' ')}`;
    const isUsed = row.last_inference > 0 ? 'was used' : 'was not used';
    return `statistics: ${row.name} ${row.version} ${counts} batch sizes [${sizes}] ${isUsed}`;
  });
}

/** The rows of statistics, one for each version. */
export function countedRows(answer: Ended): readonly Counted[] {
  return 'value' in answer ? (answer.value['model_stats'] as readonly Counted[]) : [];
}

/** The same fields in one order, without those that say nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value as Message).filter(([, field]) => !saysNothing(field));
  const inOrder = fields.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(inOrder.map(([key, field]) => [key, sorted(field)]));
}

function saysNothing(field: unknown): boolean {
  if (Array.isArray(field)) return field.length === 0;
  const defaults: readonly unknown[] = ['', 0, false, null, 'FORMAT_NONE', 'PRIORITY_DEFAULT'];
  return defaults.includes(field);
}
