import { newIndex } from '../fleet/fleet-index.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Server } from '../fleet/server.js';

/**
 * A fleet of its own with the same facts in it: whatever is done to the one, the other never shows it. What is only ever
 * put in place of what was known, and never changed, they share, since fleets are large: models, and what directories hold.
 */
export const copyFleet = (fleet: Readonly<Fleet>): Fleet => ({
  ...(copied({ ...fleet, models: NO_MODELS, index: null }) as Fleet),
  models: new Map(fleet.models),
  index: newIndex(),
});

const NO_MODELS: Fleet['models'] = new Map();
const SHARED: ReadonlySet<string> = new Set<keyof Server>(['repository', 'versioned']);

/** A spread copies an object with its hidden class, and that is what makes reading it fast: see `evenly`. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    for (const [key, one] of value) map.set(key, copied(one));
    return map;
  }
  if (value instanceof Set) return new Set<unknown>(value);
  const record = { ...value } as Record<string, unknown>;
  for (const key in record) {
    const one = record[key];
    if (typeof one === 'object' && !SHARED.has(key)) record[key] = copied(one);
  }
  return record;
}
