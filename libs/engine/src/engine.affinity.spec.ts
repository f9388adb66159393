import { describe, expect, it } from '@jest/globals';
import { aModel, aServer } from '../../../test/support/builders.js';
import { A, aRunningEngine, ObedientServer, query, settle } from '../../../test/support/running-engine.js';

const KEYED = query({ affinityKey: 'k' });

/** An engine with a copy of a model on each of two servers. */
async function twoCopies() {
  const running = await aRunningEngine([aModel(A.id, { pinnedCopies: 2 })]);
  const other = new ObedientServer(running.clock, [A.id]);
  running.engine.addServer(aServer('u', [10]), () => other);
  await settle();
  for (const server of [running.server, other]) server.loadEnds(A.id);
  await settle();
  return running;
}

describe('an engine that is asked with an affinity key', () => {
  it('counts what it has given in turns and without, whatever turns come between', async () => {
    const { engine, clock } = await twoCopies();
    clock.time = 5_000;
    const first = engine.route(KEYED)!.server;
    const waiting = Array.from({ length: 6 }, () => engine.admit(KEYED, 60_000).answer);
    await settle();
    expect(await Promise.all(waiting)).toMatchObject(Array(6).fill({ server: first }));
    expect(engine.route(KEYED)!.server).toBe(first);
    expect(engine.route(KEYED)!.server).not.toBe(first);
    clock.time += 2_000;
    expect(engine.route(KEYED)!.server).toBe(first);
  });
});
