import type { Fleet } from '../fleet/fleet-state.js';
import { type LoadTimes, pooled } from './load-times.js';
import type { Server } from '../fleet/server.js';

/** The pace of all servers together, of fleets in which none has changed since it was worked out. */
const paceByFleet = new WeakMap<Readonly<Fleet>, LoadTimes | null>();

/** How long loads take for their size, wherever; null before the first. */
export function commonPace(fleet: Readonly<Fleet>): LoadTimes | null {
  const kept = paceByFleet.get(fleet);
  if (kept !== undefined) return kept;
  const paces: LoadTimes[] = [];
  for (const { loadPace } of fleet.servers.values()) if (loadPace) paces.push(loadPace);
  const pace = pooled(paces) ?? null;
  paceByFleet.set(fleet, pace);
  return pace;
}

export function setPace(fleet: Fleet, server: Server, pace: LoadTimes): void {
  server.loadPace = pace;
  pacesChanged(fleet);
}

/** A server's pace is another, or has gone with it. */
export function pacesChanged(fleet: Fleet): void {
  paceByFleet.delete(fleet);
}
