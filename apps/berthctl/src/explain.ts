import { explanationSchema } from '#contracts';
import { ask } from './answers.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** `explain M`: why a model is where it is, or nowhere. */
export async function explain(work: Work, model: string): Promise<void> {
  const question = { method: 'GET', path: `${pathOf('models', model)}/explain` } as const;
  const explanation = await ask(work.asking(), question, explanationSchema);
  work.terminal.out(work.isJson ? jsonLines(explanation) : explanation.lines);
}
