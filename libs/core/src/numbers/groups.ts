/** The value of a key, made when it is first asked for. */
export function madeOnce<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/** Adds a value to the set of a key. */
export function addTo<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  madeOnce(sets, key, () => new Set<Value>()).add(value);
}

/** Removes a value from the set of a key. A key whose set is empty goes, too. */
export function removeFrom<Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const known = sets.get(key);
  known?.delete(value);
  if (known?.size === 0) sets.delete(key);
}

/** Appends a value to the list of a key. */
export function appendTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  madeOnce(lists, key, () => []).push(value);
}

/** The items in groups, each in the given order; the groups in the order of their first items. */
export function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) appendTo(groups, keyOf(item), item);
  return groups;
}

/** The sizes of all items together. */
export function total<One>(all: Iterable<One>, sizeOf: (one: One) => number): number {
  let sum = 0;
  for (const one of all) sum += sizeOf(one);
  return sum;
}
