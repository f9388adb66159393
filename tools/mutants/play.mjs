/**
 * `npm run mutants [-- [NAME...] [--only specs|seeds|peers] [--seeds N] [--lanes N]]`: puts each mutant of tools/mutants.ts into the
 * code and sees what finds it: a spec of the core or the engine, else a seed of the simulation, else one of the simulation of
 * three peers. Status 1 where one is not found, 2 where the arguments or the list are wrong.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { firstFailure } from './player.mjs';
import { applies, importMutants, removeStage, stageBase, stageMutant } from './stage.mjs';
import { setUpTools } from '../set-up.mjs';

const SAID = 110;

const { only, seeds, lanes, names } = readOptions();
await setUpTools();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const started = performance.now();
const base = stageBase();
const mutants = choose(await importMutants(base));
const waiting = [...mutants];
const found = { specs: [], seeds: [], peers: [], nothing: [] };
/** Of each spec or seed that failed with a mutant, whether it fails without any. */
const failing = new Map();
await Promise.all(Array.from({ length: lanes }, lane)).catch(({ message }) => refuse(message, 1));
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(
  `${found.specs.length} of ${mutants.length} found by specs, ${found.seeds.length} by seeds, ${found.peers.length} by peers, in ${minutes} minutes`,
);
if (found.seeds.length > 0) console.log(`by seeds alone: ${found.seeds.join(', ')}`);
if (found.peers.length > 0) console.log(`by peers alone: ${found.peers.join(', ')}`);
if (found.nothing.length > 0) refuse(`NOT FOUND: ${found.nothing.join(', ')}`, 1);

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        seeds: { type: 'string', default: '200' },
        lanes: { type: 'string', default: String(availableParallelism()) },
      },
    });
    const counts = { seeds: Number(values.seeds), lanes: Number(values.lanes) };
    if (!Object.values(counts).every((count) => Number.isSafeInteger(count) && count >= 1))
      throw new Error('--seeds and --lanes are whole numbers above 0');
    if (![undefined, 'specs', 'seeds', 'peers'].includes(values.only))
      throw new Error('--only specs, --only seeds, or --only peers');
    return { ...counts, only: values.only, names: positionals };
  } catch ({ message }) {
    return refuse(message, 2);
  }
}

function choose(all) {
  const unknown = names.filter((name) => !all.some((mutant) => mutant.name === name));
  if (unknown.length > 0) refuse(`tools/mutants.ts has none of the name ${unknown.join(', ')}`, 2);
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  const stale = chosen.filter((mutant) => !applies(mutant)).map(({ name, file }) => `${name} (${file})`);
  if (stale.length > 0) refuse(`what these change is not there, or there twice: ${stale.join(', ')}`, 2);
  return chosen;
}

function refuse(message, status) {
  console.error(`mutants: ${message}`);
  process.exit(status);
}

async function lane() {
  for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) await playOne(mutant);
}

async function playOne(mutant) {
  const band = stageMutant(base, mutant);
  const { by, at, said } = (await find(band, mutant)) ?? { by: 'nothing' };
  removeStage(band);
  found[by].push(mutant.name);
  const told = at === undefined ? 'NOT FOUND' : `found by ${at} (${shorten(said)})`;
  console.log(`${Object.values(found).flat().length}/${mutants.length} ${mutant.name}: ${told}`);
}

/** What finds it, the cheapest way first. */
async function find(band, mutant) {
  const ways = {
    specs: () => findBySpecs(band, mutant),
    seeds: () => findBySeeds(band, 'play-seeds.mjs'),
    peers: () => findBySeeds(band, 'play-peers.mjs'),
  };
  for (const [by, way] of Object.entries(ways)) {
    const failure = only === undefined || only === by ? await way() : undefined;
    if (failure) return { by, ...failure };
  }
  return undefined;
}

/** Rejects where what seems to find the mutant fails without it as well. */
async function findBySpecs(band, { name, file }) {
  const failure = await firstFailure('play-specs.mjs', band, file);
  if (failure && (await failsWithout('play-specs.mjs', failure.at, [file, failure.at])))
    throw new Error(`${failure.at} fails without ${name} too`);
  return failure;
}

/** A seed that fails without the mutant too proves nothing. */
async function findBySeeds(band, script, from = 1) {
  const failure = from > seeds ? undefined : await firstFailure(script, band, from, seeds);
  if (!failure) return undefined;
  if (!(await failsWithout(script, failure.at, [failure.at, failure.at])))
    return { ...failure, at: `seed ${failure.at}` };
  console.log(`seed ${failure.at} fails without a mutant`);
  return findBySeeds(band, script, failure.at + 1);
}

/** Most mutants are found by the same few. */
async function failsWithout(script, at, args) {
  const key = `${script} ${at}`;
  if (!failing.has(key)) failing.set(key, firstFailure(script, base, ...args));
  return (await failing.get(key)) !== undefined;
}

function shorten(text) {
  const [line] = text.split('\n');
  return line.length > SAID ? `${line.slice(0, SAID)}...` : line;
}
