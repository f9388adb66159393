/**
 * Plays seeds of the simulation of three peers on one stage: `play-peers.mjs STAGE FROM TO`. Tells its parent of each seed that
 * begins, and of those that fail.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [band, from, to] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(band, 'test/simulation/peers', path)).href);

/** No process is left to tell. */
process.on('disconnect', () => process.exit());
const { peersPlan } = await load('peers-plan.js');
const { PeersWorld } = await load('peers-world.js');
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  process.send({ begins: seed });
  const { failure } = await new PeersWorld(peersPlan(seed)).run();
  if (failure !== undefined) process.send({ fails: seed, said: failure });
}
process.disconnect();
