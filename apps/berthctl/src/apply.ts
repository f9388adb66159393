import { readFile } from 'node:fs/promises';
import { formatError, readYaml } from '#config';
import { type BatchMessage, batchSchema } from '#contracts';
import { ask } from './answers.js';
import { Usage } from './failures.js';
import { counted } from './in-short.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** `apply -f FILE`: declares all the models that a file names, or none. */
export async function apply(work: Work, { file }: { readonly file: string }): Promise<void> {
  const models = await modelsIn(file);
  const question = { method: 'POST', path: '/v1/models:batch', body: { models } } as const;
  const answer = await ask(work.asking(), question, batchSchema);
  work.terminal.out(work.isJson ? jsonLines(answer) : lines(answer));
}

/** Whether they are models as Berth has them is for Berth to say. */
async function modelsIn(file: string): Promise<unknown> {
  const read = readYaml(await textOf(file));
  if (!read.ok) throw new Usage(read.errors.map((error) => formatError(error, file)).join('\n'));
  if (typeof read.value !== 'object' || read.value === null || !('models' in read.value)) {
    throw new Usage(`${file}: models is required: what is declared, by name`);
  }
  const other = Object.keys(read.value).find((key) => key !== 'models');
  if (other !== undefined) throw new Usage(`${file}: ${other} is not applied: only models are`);
  return read.value.models;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Usage(`${file} cannot be read: ${(error as Error).message}`);
  }
}

const lines = ({ items }: BatchMessage): string[] => [
  ...items.map(
    ({ name, revision, created }) => `${name} is ${created ? 'declared' : 'changed'}, revision ${revision}`,
  ),
  `${counted(items.length, 'model')} applied`,
];
