import { type BatchMessage, batchSchema, counted, type ServerMessage, serverSchema } from '#contracts';
import { ask } from './answers.js';
import { declaredIn } from './models-file.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** `apply -f FILE`: declares all the models that a file names, or none; then its servers, one after the other. */
export async function apply(work: Work, { file }: { readonly file: string }): Promise<void> {
  const { models, servers } = await declaredIn(file);
  let told: object = {};
  if (models !== undefined) {
    const question = { method: 'POST', path: '/v1/models:batch', body: { models } } as const;
    const answer = await ask(work.asking(), question, batchSchema);
    told = answer;
    if (!work.isJson) work.terminal.out(lines(answer));
  }
  const declared: ServerMessage[] = [];
  for (const { id, ...body } of servers) {
    const question = { method: 'PUT', path: pathOf('servers', id), body } as const;
    const server = await ask(work.asking(), question, serverSchema);
    declared.push(server);
    if (!work.isJson) work.terminal.out([`${id} is declared, revision ${server.revision}`]);
  }
  const both = declared.length > 0 ? { ...told, servers: declared } : told;
  if (work.isJson) work.terminal.out(jsonLines(both));
}

const lines = ({ items }: BatchMessage): string[] => [
  ...items.map(
    ({ name, revision, created }) => `${name} is ${created ? 'declared' : 'changed'}, revision ${revision}`,
  ),
  `${counted(items.length, 'model')} applied`,
];
