import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { World } from './world.js';

const LAST_LINES = 40;
const met = new Set<string>();
const chosen = process.env['SEED'];

/** Seeds that once broke a promise come first, always. */
const regressions = readFileSync(new URL('regressions.seeds', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\d+/.test(line))
  .map((line) => Number.parseInt(line, 10));
const count = Number(process.env['SEEDS'] ?? 100);
const first = Number(process.env['FIRST'] ?? 1);
const fresh = Array.from({ length: count }, (_, at) => first + at);
const seeds = chosen === undefined ? [...new Set([...regressions, ...fresh])] : [Number(chosen)];

describe('a fleet under faults', () => {
  for (const seed of seeds) {
    it(`keeps its promises and comes to rest (SEED=${seed})`, async () => {
      await live(seed);
    }, 60_000);
  }

  const isMany = seeds.length >= 50;
  (isMany ? it : it.skip)('meets every situation', () => {
    expect(SITUATIONS.filter((situation) => !met.has(situation))).toEqual([]);
  });

  it('goes the same way twice', async () => {
    const seed = seeds.at(-1)!;
    expect((await live(seed)).trail.digest()).toBe((await live(seed)).trail.digest());
  }, 60_000);
});

/** What has to come up somewhere in many seeds: a simulation that never meets it proves nothing about it. */
const SITUATIONS = [
  ...['warm route', 'cold route', 'inference', 'eviction', 'stranger load', 'stranger unload', 'late server'],
  ...['idle', 'evicted', 'withdrawn', 'admin', 'drain'].map((cause) => `unload ${cause}`),
  ...['kill', 'terminate', 'berthCrash', 'loseReply', 'stuckLoad', 'stuckUnload', 'deadModel'].map(asFault),
  ...['memoryBackLate', 'connectionBreaks', 'partition', 'slowNetwork', 'diskFull', 'slowIndex'].map(asFault),
  ...['slowHandler', 'slowLoad', 'loadFails', 'metricsDown'].map(asFault),
  ...['unknown_model', 'unknown_version', 'disabled', 'infeasible', 'load_failed', 'loading'].map(asRefusal),
  ...['cooling_down', 'no_capacity', 'queue_full', 'no_server'].map(asRefusal),
];

function asFault(name: string): string {
  return `fault ${name}`;
}

function asRefusal(reason: string): string {
  return `refused ${reason}`;
}

/** A failure says what led to it. */
async function live(seed: number): Promise<World> {
  const world = new World(seed, chosen !== undefined);
  try {
    await world.run();
  } catch (error) {
    const lines = world.trail.lines.slice(chosen === undefined ? -LAST_LINES : 0).join('\n');
    throw new Error(`SEED=${seed} ${String(error)}\n${lines}`, { cause: error });
  }
  for (const situation of world.trail.marks.keys()) met.add(situation);
  if (chosen !== undefined) process.stdout.write(`${world.trail.lines.join('\n')}\n`);
  return world;
}
