import { BERTH_VERSION, liveSchema } from '#contracts';
import { ask } from './answers.js';
import { Refused } from './failures.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

export { BERTH_VERSION };

const QUESTION = { method: 'GET', path: '/health/live' } as const;

/** `version`: that of berthctl is printed also where no server answers. */
export async function version(work: Work): Promise<void> {
  const { isJson, terminal } = work;
  const client = BERTH_VERSION;
  const server = work.asking();
  if (!isJson) terminal.out([`Client: ${client}`]);
  try {
    const live = await ask(server, QUESTION, liveSchema);
    terminal.out(isJson ? jsonLines({ client, server: live.version }) : [`Server: ${live.version}`]);
  } catch (error) {
    // A refusal is printed as JSON by itself, and one answer is one value.
    if (isJson && !(error instanceof Refused)) terminal.out(jsonLines({ client }));
    throw error;
  }
}
