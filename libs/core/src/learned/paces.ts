import type { Fleet } from '../fleet/fleet-state.js';
import { type LoadTimes, pooled } from './load-times.js';
import type { Server } from '../fleet/server.js';

/** How long loads take for their size, on all servers together; null before the first. */
export function commonPace({ index, servers }: Readonly<Fleet>): LoadTimes | null {
  if (index.pace) return index.pace.common;
  const paces = Array.from(servers.values(), ({ loadPace }) => loadPace).filter((one) => one !== null);
  index.pace = { common: pooled(paces) ?? null };
  return index.pace.common;
}

export function setPace(fleet: Fleet, server: Server, pace: LoadTimes): void {
  server.loadPace = pace;
  fleet.index.pace = null;
}
