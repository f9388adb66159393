import { pacesChanged } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet-state.js';
import { type LoadTimes, pooled } from './load-times.js';
import type { Server } from '../fleet/server.js';

/** How long loads take for their size, wherever; null before the first. */
export function commonPace(fleet: Readonly<Fleet>): LoadTimes | null {
  fleet.index.pace ??= { common: pacePooled(fleet) };
  return fleet.index.pace.common;
}

function pacePooled({ servers }: Readonly<Fleet>): LoadTimes | null {
  const paces: LoadTimes[] = [];
  for (const { loadPace } of servers.values()) if (loadPace) paces.push(loadPace);
  return pooled(paces) ?? null;
}

export function setPace(fleet: Fleet, server: Server, pace: LoadTimes): void {
  server.loadPace = pace;
  pacesChanged(fleet);
}
