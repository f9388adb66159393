import { startChild } from '../children.js';
import type { Figure } from '../figure.js';

const ROWS = 10_000;
const GOAL_MB = 20;

/** What the table of a follower costs. */
export async function tableSize(): Promise<Figure> {
  const child = await startChild('test/load/replicas/table-memory.js', {
    args: [String(ROWS)],
    flags: ['--expose-gc'],
  });
  await child.end();
  const value = Number(child.line);
  return {
    ...{ name: 'routes_of_follower_memory', value, unit: 'MiB', goal: `<= ${GOAL_MB}` },
    met: value <= GOAL_MB,
    details: { routes: ROWS },
  };
}
