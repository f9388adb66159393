import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dependencyCycle, readConfig } from './index.js';

describe('dependencyCycle', () => {
  it('finds none where two ways lead to one model', () => {
    expect(
      dependencyCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
        ]),
      ),
    ).toBeNull();
  });

  it('names the way round', () => {
    expect(
      dependencyCycle(
        new Map([
          ['x', ['a']],
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['a']],
        ]),
      ),
    ).toEqual(['a', 'b', 'c', 'a']);
    expect(dependencyCycle(new Map([['a', ['a']]]))).toEqual(['a', 'a']);
  });

  it('follows a chain of a hundred thousand', () => {
    const chain = new Map(Array.from({ length: 100_000 }, (_, i) => [`m${i}`, [`m${i + 1}`]] as const));
    expect(dependencyCycle(chain)).toBeNull();
  });

  it('is a way round whenever there is one, and there is none where all point upwards', () => {
    const node = fc.integer({ min: 0, max: 7 }).map(String);
    const graphs = fc.dictionary(node, fc.array(node, { maxLength: 3 }));
    fc.assert(
      fc.property(graphs, (edges) => {
        const graph = new Map(Object.entries(edges));
        const cycle = dependencyCycle(graph);
        if (cycle === null) return expect(reachesItself(graph)).toBe(false);
        expect(cycle[0]).toBe(cycle.at(-1));
        cycle.slice(1).forEach((name, index) => expect(graph.get(cycle[index] ?? '')).toContain(name));
      }),
    );
  });

  it('is an error of the file, told once', () => {
    const text = 'models:\n  a: { dependsOn: [b] }\n  b: { dependsOn: [c, a] }';
    const result = readConfig({ file: { path: 'berth.yaml', text }, env: {}, flags: { triton: [] } });
    expect(result).toEqual({
      ok: false,
      errors: [{ path: 'models.a.dependsOn', rule: 'must not lead back to itself: a -> b -> a', line: 2 }],
    });
  });
});

function reachesItself(graph: ReadonlyMap<string, readonly string[]>): boolean {
  return [...graph.keys()].some((start) => {
    const seen = new Set<string>();
    const open = [...(graph.get(start) ?? [])];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (name === start) return true;
      if (!seen.has(name)) open.push(...(graph.get(name) ?? []));
      seen.add(name);
    }
    return false;
  });
}
