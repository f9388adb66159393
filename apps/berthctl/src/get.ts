import type { z } from 'zod';
import { fleetSchema, modelSchema, serverSchema } from '#contracts';
import { ask, askForAll, type Filters } from './answers.js';
import { Usage } from './failures.js';
import { fleetLines } from './fleet-lines.js';
import { modelTable } from './model-table.js';
import { pathOf } from './named.js';
import { serverTable } from './server-table.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What narrows a list. */
export interface ListOptions {
  readonly state?: string;
  readonly label?: readonly string[];
  /** Of models only: those with a copy on this server. */
  readonly server?: string;
}

/** `get models [NAME]`: a table of one or of all. */
export async function getModels(work: Work, name: string | undefined, options: ListOptions): Promise<void> {
  const models = await listed(work, 'models', { name, options, schema: modelSchema });
  show(work, name === undefined ? models : models[0], modelTable(models, work.now()));
  if (models.length === 0) work.terminal.err(['no models']);
}

/** `get servers [ID]`. */
export async function getServers(work: Work, id: string | undefined, options: ListOptions): Promise<void> {
  const servers = await listed(work, 'servers', { name: id, options, schema: serverSchema });
  show(work, id === undefined ? servers : servers[0], serverTable(servers, work.now()));
  if (servers.length === 0) work.terminal.err(['no servers']);
}

/** `get fleet`: the whole picture. */
export async function getFleet(work: Work): Promise<void> {
  const fleet = await ask(work.asking(), { method: 'GET', path: '/v1/fleet' }, fleetSchema);
  show(work, fleet, fleetLines(fleet));
}

interface Wanted<Item> {
  readonly name: string | undefined;
  readonly options: ListOptions;
  readonly schema: z.ZodType<Item>;
}

async function listed<Item>(
  work: Work,
  kind: 'models' | 'servers',
  { name, options, schema }: Wanted<Item>,
): Promise<Item[]> {
  if (name === undefined) {
    return askForAll(work.asking(), { path: `/v1/${kind}`, filters: filtersIn(options) }, schema);
  }
  const [filter] = filtersIn(options);
  if (filter) throw new Usage(`--${filter[0]} narrows a list, and ${name} is one ${kind.slice(0, -1)}`);
  return [await ask(work.asking(), { method: 'GET', path: pathOf(kind, name) }, schema)];
}

function filtersIn({ state, server, label = [] }: ListOptions): Filters {
  const once = Object.entries({ state, server }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return [...once, ...label.map((each) => ['label', each] as const)];
}

function show(work: Work, answer: unknown, lines: readonly string[]): void {
  work.terminal.out(work.isJson ? jsonLines(answer) : lines);
}
