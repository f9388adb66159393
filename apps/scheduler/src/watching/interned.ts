/** So many different ones are kept; beyond that they are simply not shared. */
const MOST = 10_000;

const lists = new Map<string, readonly unknown[]>();
const texts = new Map<string, string>();

/** Of what is received again and again one is kept: thousands of rows have the same servers, versions and devices. */
export const interned = {
  text: (text: string): string => shared(texts, text, text),
  texts: (list: readonly string[]): readonly string[] =>
    shared(lists, JSON.stringify(list), list) as readonly string[],
  numbers: (list: readonly number[]): readonly number[] =>
    shared(lists, String(list), list) as readonly number[],
};

function shared<T>(known: Map<string, T>, key: string, value: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  if (known.size < MOST) known.set(key, value);
  return value;
}
