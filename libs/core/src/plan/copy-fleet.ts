import { newIndex } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Server } from '../fleet/server.js';

/**
 * A copy of a fleet: no change of the one shows in the other. Maps, sets, servers and meters are copied. All other
 * values are shared, since they are replaced and never changed. The spread of an object keeps its hidden class, which
 * makes reading it fast: see `withKeysInOrder`.
 */
export const copyFleet = (fleet: Readonly<Fleet>): Fleet => ({
  ...withOwnMaps(fleet),
  servers: mapped(fleet.servers, copyOfServer),
  holders: mapped(fleet.holders, (ids) => new Set(ids)),
  residents: mapped(fleet.residents, (ids) => new Set(ids)),
  index: newIndex(),
});

const copyOfServer = (server: Server): Server => ({
  ...withOwnMaps(server),
  meters: mapped(server.meters, (meter) => ({ ...meter })),
});

/** Sets as large as a directory: they are replaced and never changed. */
const SHARED: ReadonlySet<string> = new Set<keyof Server>(['repository', 'versioned']);

function withOwnMaps<Entity extends object>(entity: Entity): Entity {
  const copy = { ...entity } as Record<string, unknown>;
  for (const key in copy) {
    const value = copy[key];
    if (value instanceof Map) copy[key] = new Map<unknown, unknown>(value);
    else if (value instanceof Set && !SHARED.has(key)) copy[key] = new Set<unknown>(value);
  }
  return copy as Entity;
}

const mapped = <Key, Value>(map: ReadonlyMap<Key, Value>, copyOf: (value: Value) => Value): Map<Key, Value> =>
  new Map(Array.from(map, ([key, value]) => [key, copyOf(value)]));
