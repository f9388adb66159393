import { type Fleet, nextWake, step } from '#core';
import type { TurnCheck } from './scene.js';

/** A second look finds nothing to do. */
export const secondLook: TurnCheck = ({ fleet, turn, trail }) => {
  const again = step(copyOf(fleet), [], turn.now);
  trail.expect(again.length === 0, () => `a second look wants ${JSON.stringify(again)}`);
};

export const wakesLater: TurnCheck = ({ fleet, turn, trail }) => {
  const wake = nextWake(fleet, turn.now);
  trail.expect(wake > turn.now, () => `it wants to wake at ${wake}`);
};

/** A copy that a step may change. What lies in the maps is replaced, never changed, but for the servers. */
function copyOf(fleet: Fleet): Fleet {
  const servers = [...fleet.servers].map(
    ([id, server]) =>
      [
        id,
        {
          ...server,
          configs: new Map(server.configs),
          described: new Set(server.described),
          ordered: new Set(server.ordered),
        },
      ] as const,
  );
  const maps = Object.entries(fleet).map(([key, value]: [string, unknown]) => [key, shallow(value)]);
  return {
    ...(Object.fromEntries(maps) as Fleet),
    servers: new Map(servers),
    holders: new Map([...fleet.holders].map(([model, ids]) => [model, new Set(ids)])),
  };
}

function shallow(value: unknown): unknown {
  if (value instanceof Map) return new Map(value);
  return value instanceof Set ? new Set(value) : value;
}
