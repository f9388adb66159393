import { expect, it } from '@jest/globals';
import { peersPlan } from './peers-plan.js';
import { type PeersPlayed, PeersWorld } from './peers-world.js';

const LAST_LINES = 40;

/** One test for each seed; `SEED=n` plays that one alone, and prints all of it. Returns how they went, known once they have run. */
export function keepPeersPromises({
  first,
  count,
}: {
  readonly first: number;
  readonly count: number;
}): readonly PeersPlayed[] {
  const chosen = process.env['SEED'];
  const seeds = chosen ? [Number(chosen)] : Array.from({ length: count }, (_, at) => first + at);
  const played: PeersPlayed[] = [];
  it.each(seeds)('keep their promises and come to rest (SEED=%i)', async (seed) => {
    const one = await new PeersWorld(peersPlan(seed), {}, chosen !== undefined).run();
    played.push(one);
    if (chosen) process.stdout.write(`${one.lines.join('\n')}\n`);
    expect(one.failure && [one.failure, ...one.lines.slice(-LAST_LINES)].join('\n')).toBe(undefined);
  });
  return played;
}
