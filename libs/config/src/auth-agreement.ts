import type { Finding } from './errors.js';
import { get, list } from './as-written.js';

/** A list of the section, the keys in it that name one entry only, and what an entry is called. */
const UNIQUE = [
  { section: 'keys', keys: ['id', 'hash'], entry: 'key' },
  { section: 'jwt', keys: ['issuer'], entry: 'entry' },
  { section: 'certificates', keys: ['san'], entry: 'entry' },
] as const;

/** What the credentials of a configuration must agree on: no two are called the same. */
export function authFindings(file: unknown): Finding[] {
  return UNIQUE.flatMap(({ section, keys, entry }) => {
    const entries = list(get(get(file, 'auth'), section));
    return keys.flatMap((key) => {
      const rule = `must be unique: another ${entry} has it too`;
      return repeated(entries, key).map((index) => ({ at: ['auth', section, index, key], rule }));
    });
  });
}

/** Where an entry has the same text as one before it. */
function repeated(entries: readonly unknown[], key: string): number[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const value = get(entry, key);
    if (typeof value !== 'string') return [];
    const isRepeated = seen.has(value);
    seen.add(value);
    return isRepeated ? [index] : [];
  });
}
