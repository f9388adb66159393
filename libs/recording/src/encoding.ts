/**
 * How values travel as JSON that JSON has no words for. Each of them becomes an object with one key:
 *
 *   Map       { "$map": [[key, value], ...] }     in the order of the map
 *   Set       { "$set": [value, ...] }            in the order of the set
 *   Infinity  { "$number": "Infinity" }           and so -Infinity and NaN
 *   an object with a key that begins with "$"     { "$object": [[key, value], ...] }
 *
 * Everything else is itself. Keys whose value is undefined are left out.
 */

/** Writes a value so that `fromJson` brings it back. */
export const toJson = (value: unknown): string => JSON.stringify(value, (_, inner: unknown) => tagged(inner));

function tagged(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (value instanceof Map) return { $map: [...(value as Map<unknown, unknown>)] };
  if (value instanceof Set) return { $set: [...(value as Set<unknown>)] };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.keys(value).some((key) => key.startsWith('$')) ? { $object: Object.entries(value) } : value;
}

/** Reads it back. What is no proper encoding stays as it is. Throws as `JSON.parse` does. */
export const fromJson = (json: string): unknown => decoded(JSON.parse(json));

function decoded(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const inner = decoded(record[key]);
    if (inner !== record[key]) record[key] = inner;
  }
  return Array.isArray(value) ? value : untagged(record);
}

const NUMBERS = new Map<unknown, number>([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

/** What each tag makes of its content; undefined where that is none of its own. */
const UNTAG = new Map<string, (content: unknown) => unknown>([
  ['$number', (content) => NUMBERS.get(content)],
  ['$set', (content) => (Array.isArray(content) ? new Set(content) : undefined)],
  ['$map', (content) => (isPairs(content) ? new Map(content) : undefined)],
  ['$object', (content) => (isEntries(content) ? Object.fromEntries(content) : undefined)],
]);

function untagged(record: Record<string, unknown>): unknown {
  const [tag, second] = Object.keys(record);
  if (tag === undefined || second !== undefined) return record;
  return UNTAG.get(tag)?.(record[tag]) ?? record;
}

const isPairs = (content: unknown): content is [unknown, unknown][] =>
  Array.isArray(content) && content.every((pair) => Array.isArray(pair) && pair.length === 2);

const isEntries = (content: unknown): content is [string, unknown][] =>
  isPairs(content) && content.every(([key]) => typeof key === 'string');
