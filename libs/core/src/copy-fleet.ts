import type { Fleet } from './fleet.js';

/** A fleet of its own with the same facts in it: whatever is done to the one, the other never shows it. */
export const copyFleet = (fleet: Readonly<Fleet>): Fleet => copied(fleet) as Fleet;

/** Objects keep the order of their keys, and so the hidden class that makes reading them fast: see `evenly`. */
function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>();
    for (const [key, one] of value) map.set(key, copied(one));
    return map;
  }
  if (value instanceof Set) return new Set<unknown>(value);
  const record: Record<string, unknown> = {};
  for (const key of Object.keys(value)) record[key] = copied((value as Record<string, unknown>)[key]);
  return record;
}
