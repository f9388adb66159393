import { type Column, lasting, type RouteMessage, routeSchema, table } from '#contracts';
import { ask } from './answers.js';
import { pathOf } from './named.js';
import { jsonLines } from './terminal.js';
import type { Work } from './work.js';

/** What a resolve call may say. */
export interface ResolveOptions {
  readonly waitMs?: number;
  readonly leaseMs?: number;
  readonly class?: string;
  readonly version?: string;
  readonly avoid?: readonly string[];
  readonly affinityKey?: string;
}

/** Without `waitMs` the wait of the model holds, which may be an hour: the command does not sit through that. */
const MAX_WAIT_MS = 600_000;

/** `resolve M`: where a model is; a cold one is loaded first. */
export async function resolve(work: Work, model: string, options: ResolveOptions): Promise<void> {
  const { waitMs, leaseMs, class: importance, version, avoid, affinityKey } = options;
  const question = {
    method: 'POST',
    path: `${pathOf('models', model)}/resolve`,
    body: { waitMs, leaseMs, class: importance, version, avoid, affinityKey },
    waitMs: waitMs ?? MAX_WAIT_MS,
  } as const;
  const route = await ask(work.asking(), question, routeSchema);
  work.terminal.out(work.isJson ? jsonLines(route) : table(COLUMNS, [route]));
}

const COLUMNS: readonly Column<RouteMessage>[] = [
  { title: 'MODEL', cell: ({ model }) => model },
  { title: 'VERSION', cell: ({ version }) => version },
  { title: 'SERVER', cell: ({ server }) => server.id },
  { title: 'DEVICES', cell: ({ devices }) => devices.join(',') },
  { title: 'GRPC', cell: ({ server }) => server.grpc },
  { title: 'HTTP', cell: ({ server }) => server.http ?? '' },
  { title: 'LEASE', cell: ({ leaseMs }) => lasting(leaseMs) },
  { title: 'WAS', cell: ({ cold, waitedMs }) => (cold ? `cold, waited ${lasting(waitedMs)}` : 'warm') },
  { title: 'STALE', cell: ({ stale }) => (stale ? 'yes' : 'no') },
];
