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

/** What `JSON.stringify` writes so that `fromJson` brings the value back; the value itself where nothing is special. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return listToJson(value);
  if (value instanceof Map) return { $map: pairs([...value]) };
  if (value instanceof Set) return { $set: listToJson([...value]) };
  return recordToJson(value as Record<string, unknown>);
}

/** Most lists and objects need no change: they are copied only from the first member that does. */
function listToJson(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (const [index, one] of list.entries()) {
    const json = toJson(one);
    if (json !== one) (copy ??= [...list])[index] = json;
  }
  return copy ?? list;
}

function recordToJson(record: Record<string, unknown>): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(record)) {
    if (key.startsWith('$')) return { $object: pairs(Object.entries(record)) };
    const json = toJson(record[key]);
    if (json !== record[key]) (copy ??= { ...record })[key] = json;
  }
  return copy ?? record;
}

const pairs = (entries: readonly (readonly [unknown, unknown])[]): unknown =>
  entries.map(([key, value]) => [toJson(key), toJson(value)]);

/** Turns what `JSON.parse` made back into the value, in place. What is no proper encoding stays as it is. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const decoded = fromJson(record[key]);
    if (decoded !== record[key]) record[key] = decoded;
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
