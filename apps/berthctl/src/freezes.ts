import { fleetSchema } from '#contracts';
import { ask } from './answers.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

const PATH = '/v1/fleet/frozen';

/** `freeze`: from now on nothing is loaded or unloaded, and routes go on. */
export async function freeze(work: Work, { reason }: { readonly reason: string }): Promise<void> {
  const question = { method: 'PUT', path: PATH, body: { reason } } as const;
  const fleet = await ask(work.asking(), question, fleetSchema);
  const { since = '' } = fleet.frozen ?? {};
  work.terminal.out(work.isJson ? jsonLines(fleet) : [`the fleet is frozen since ${since}: ${reason}`]);
}

/** `unfreeze`. */
export async function unfreeze(work: Work): Promise<void> {
  const fleet = await ask(work.asking(), { method: 'DELETE', path: PATH }, fleetSchema);
  work.terminal.out(work.isJson ? jsonLines(fleet) : ['the fleet is not frozen any more']);
}
