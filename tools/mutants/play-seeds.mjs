/**
 * Plays seeds on one stage: `play-seeds.mjs STAGE FROM TO`. Tells its parent of each seed that begins, and of those that
 * fail.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Of simulated time, for each seed. */
const HOURS = 0.1;

const [band, from, to] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(band, path)).href);

/** No process is left to tell. */
process.on('disconnect', () => process.exit());
const { makePlan } = await load('test/simulation/make-plan.js');
const { play } = await load('test/simulation/play.js');
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  process.send({ begins: seed });
  const { failure } = await play(makePlan(seed, { hours: HOURS }));
  if (failure !== undefined) process.send({ fails: seed, said: failure });
}
process.disconnect();
