import { type BatchMessage, batchSchema } from '#contracts';
import { ask } from './answers.js';
import { counted } from './in-short.js';
import { modelsIn } from './models-file.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** `apply -f FILE`: declares all the models that a file names, or none. */
export async function apply(work: Work, { file }: { readonly file: string }): Promise<void> {
  const models = await modelsIn(file);
  const question = { method: 'POST', path: '/v1/models:batch', body: { models } } as const;
  const answer = await ask(work.asking(), question, batchSchema);
  work.terminal.out(work.isJson ? jsonLines(answer) : lines(answer));
}

const lines = ({ items }: BatchMessage): string[] => [
  ...items.map(
    ({ name, revision, created }) => `${name} is ${created ? 'declared' : 'changed'}, revision ${revision}`,
  ),
  `${counted(items.length, 'model')} applied`,
];
