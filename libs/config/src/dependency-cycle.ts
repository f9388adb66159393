/** The first way round that the dependencies lead in a circle, from a model back to itself; or null. */
export function dependencyCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const cycle = cycleFrom(start, graph, done);
    if (cycle !== null) return cycle;
  }
  return null;
}

/** Depth first with a stack of its own: a chain of ten thousand models must not overflow the engine's. */
function cycleFrom(
  start: string,
  graph: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | null {
  const trail = [{ name: start, next: 0 }];
  const onTrail = new Set([start]);
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const child = graph.get(top.name)?.[top.next];
    top.next += 1;
    if (child === undefined) {
      done.add(top.name);
      onTrail.delete(top.name);
      trail.pop();
    } else if (onTrail.has(child)) {
      const names = trail.map(({ name }) => name);
      return [...names.slice(names.indexOf(child)), child];
    } else if (!done.has(child)) {
      trail.push({ name: child, next: 0 });
      onTrail.add(child);
    }
  }
  return null;
}
