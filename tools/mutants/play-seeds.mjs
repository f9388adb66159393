/**
 * Plays seeds on one stage, in a process of its own, since a mutant may never end: `play-seeds.mjs STAGE FROM TO HOURS`.
 * Tells its parent of each seed that begins, and of the first one that fails.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [stage, from, to, hours] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(stage, path)).href);

/** No process is left to tell. */
process.on('disconnect', () => process.exit());
const { makePlan } = await load('test/simulation/make-plan.js');
const { play } = await load('test/simulation/play.js');
for (let seed = Number(from); seed <= Number(to); seed += 1) {
  process.send({ begins: seed });
  const { failure } = await play(makePlan(seed, { hours: Number(hours) }));
  if (failure === undefined) continue;
  process.send({ fails: seed, said: failure });
  break;
}
process.disconnect();
