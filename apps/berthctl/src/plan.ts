import { readFile } from 'node:fs/promises';
import { readYaml } from '#config';
import { planSchema } from '#contracts';
import { ask } from './answers.js';
import { Usage } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What is supposed on the command line. */
export interface PlanOptions {
  readonly file?: string;
  readonly pin?: readonly string[];
  readonly lose?: readonly string[];
  readonly drain?: readonly string[];
  readonly ask?: readonly string[];
  readonly withinMs?: number;
}

/** A plan may have to wait for others, and is worked out in short pieces. */
const MAX_WAIT_MS = 120_000;

/** `plan`: what would happen if something were so. */
export async function plan(work: Work, options: PlanOptions): Promise<void> {
  const body = await suppositionIn(options);
  const question = { method: 'POST', path: '/v1/plan', body, waitMs: MAX_WAIT_MS } as const;
  const told = await ask(work.asking(), question, planSchema);
  work.terminal.out(work.isJson ? jsonLines(told) : told.lines);
}

/** What the file supposes, and what the options do beside it. Berth checks it. */
async function suppositionIn({ file, pin = [], lose, drain, ask: asked, withinMs }: PlanOptions) {
  const written = file === undefined ? {} : await supposedIn(file);
  const pins = pin.map((text) => [modelIn(text), { copies: copiesIn(text) }] as const);
  return {
    ...written,
    ...(pins.length > 0 ? { pins: { ...recordOf(written['pins']), ...Object.fromEntries(pins) } } : {}),
    ...added(written, 'lost', lose),
    ...added(written, 'drained', drain),
    ...added(written, 'asked', asked),
    ...(withinMs === undefined ? {} : { withinMs }),
  };
}

/** JSON is YAML, too. */
async function supposedIn(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Usage(`${file} cannot be read: ${error.message}`);
  });
  const yaml = readYaml(text);
  if (!yaml.ok) {
    const [first = '', ...more] = yaml.errors.map(({ line, rule }) => `${file}:${line}: ${rule}`);
    throw new Usage(first, more);
  }
  if (!isRecord(yaml.value)) throw new Usage(`${file} must be a mapping of keys to values`);
  return yaml.value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const recordOf = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

/** A list of the file with what the options add to it. */
function added(written: Record<string, unknown>, key: string, more: readonly string[] | undefined) {
  if (more === undefined) return {};
  const known = written[key];
  return { [key]: [...(Array.isArray(known) ? (known as unknown[]) : []), ...more] };
}

/** `resnet50`, which is one copy, or `resnet50=2`. */
const modelIn = (text: string): string => text.split('=', 1)[0]!;

function copiesIn(text: string): number {
  const at = text.indexOf('=');
  if (at < 0) return 1;
  if (!/^[0-9]{1,9}$/.test(text.slice(at + 1)))
    throw new Usage(`--pin must be MODEL or MODEL=COPIES, not '${text}'`);
  return Number(text.slice(at + 1));
}
