import type { Now } from '../numbers/now.js';
import { type Fleet, replicasOf } from '../fleet/fleet.js';
import type { Model } from '../fleet/model.js';
import type { Server } from '../fleet/server.js';
import { presentOn } from '../demand/wants.js';

/**
 * Counts the copies around a server for one more copy of a model: the copies, present or on their way, on servers with the
 * same value of the model's `spread` label. Infinity for a server without that label; 0 where the model names no label.
 */
export function copiesAround(
  fleet: Readonly<Fleet>,
  { id, spread }: Model,
  now: Now,
): (server: Server) => number {
  if (spread === null) return () => 0;
  const copies = new Map<string, number>();
  for (const replica of replicasOf(fleet, id)) {
    const server = fleet.servers.get(replica.server)!;
    const value = server.spec.labels[spread];
    if (value !== undefined) copies.set(value, (copies.get(value) ?? 0) + presentOn(fleet, server, id, now));
  }
  return ({ spec }) => {
    const value = spec.labels[spread];
    return value === undefined ? Infinity : (copies.get(value) ?? 0);
  };
}
