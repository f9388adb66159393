/** The first so many keys of a map whose oldest entries come first, but for those in `besides`. */
export function oldestKeys(
  map: ReadonlyMap<string, unknown>,
  count: number,
  besides: { has(key: string): boolean } = new Set<string>(),
): string[] {
  const oldest: string[] = [];
  for (const key of map.keys()) {
    if (oldest.length >= count) break;
    if (!besides.has(key)) oldest.push(key);
  }
  return oldest;
}
