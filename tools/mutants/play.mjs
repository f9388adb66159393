/**
 * `npm run mutants [-- [NAME...] [--seeds N] [--hours H] [--lanes N] [--only specs|seeds]] [--canary]`: puts each mutant of
 * tools/mutants.ts into the code and sees what finds it: the specs of the core and the engine, and seeds of the
 * simulation. Status 1 where one is not found.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { endPlayers, findBySeeds } from './by-seeds.mjs';
import { endSpecs, findBySpecs } from './by-specs.mjs';
import { applies, importTool, removeStage, stageBase, stageMutant } from './stage.mjs';
import { progress, rowOf, sumUp, TABLE_HEAD } from './table.mjs';
import { seconds } from '../processes.mjs';
import { setUpTools } from '../set-up.mjs';

/** In which the canary has to fail: few, so that it costs little, and far more than it has ever needed. */
const CANARY_SEEDS = 20;
/** The longest a plan may be. */
const MOST_HOURS = 24;

const options = readOptions();
await setUpTools();
const stages = new Set();
let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
process.on('exit', () => [...stages].forEach(removeStage));

const started = performance.now();
const base = keep(stageBase());
const LISTS = ['leases', 'loads', 'memory', 'orders'].map((area) => `tools/mutants-of-${area}.ts`);
const { CANARY, MUTANTS } = await importTool(base, 'tools/mutants.ts', ...LISTS);
const chosen = chooseMutants();
assertApplicable();
const rows = await playAll(chosen);
console.log([TABLE_HEAD, ...rows.map(rowOf), '', sumUp(rows, seconds(started))].join('\n'));
if (!rows.every(({ isFound }) => isFound)) process.exitCode = 1;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seeds: { type: 'string', default: '1000' },
        hours: { type: 'string', default: '0.1' },
        lanes: { type: 'string', default: String(availableParallelism()) },
        only: { type: 'string' },
        canary: { type: 'boolean', default: false },
      },
    });
    const [seeds, lanes, hours] = [values.seeds, values.lanes, values.hours].map(Number);
    if (![seeds, lanes].every((count) => Number.isSafeInteger(count) && count >= 1))
      throw new Error('--seeds and --lanes are whole numbers above 0');
    if (!(hours > 0 && hours <= MOST_HOURS))
      throw new Error(`--hours is a number over 0, up to ${MOST_HOURS}`);
    if (values.canary && positionals.length > 0)
      throw new Error(`${positionals[0]} says nothing beside --canary`);
    if (![undefined, 'specs', 'seeds'].includes(values.only))
      throw new Error(`--only specs, or --only seeds`);
    if (values.canary) return { names: [], seeds: CANARY_SEEDS, hours, lanes, only: 'seeds', isCanary: true };
    return { names: positionals, seeds, hours, lanes, only: values.only, isCanary: false };
  } catch (error) {
    console.error(`mutants: ${error.message}`);
    process.exit(2);
  }
}

function chooseMutants() {
  const names = options.isCanary ? [CANARY] : options.names;
  const unknown = names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) {
    console.error(`mutants: tools/mutants.ts has none of the name ${unknown.join(', ')}`);
    process.exit(2);
  }
  return names.length === 0 ? MUTANTS : MUTANTS.filter(({ name }) => names.includes(name));
}

/** A mutant that changes nothing is never found. */
function assertApplicable() {
  const stale = chosen.filter((mutant) => !applies(mutant)).map(({ name, file }) => `${name} (${file})`);
  if (stale.length === 0) return;
  console.error(`mutants: the code that these change is not there, or there twice: ${stale.join(', ')}`);
  process.exit(2);
}

/** As many at a time as there are lanes; the rows are in the order of the list. */
async function playAll(mutants) {
  const rows = Array.from(mutants, () => undefined);
  const queue = [...mutants.entries()];
  const lane = async () => {
    for (let next = queue.shift(); next && !isStopped; next = queue.shift()) {
      const [at, mutant] = next;
      rows[at] = await playOne(mutant);
      progress(rows[at], rows.filter(Boolean).length, mutants.length);
    }
  };
  const lanes = Array.from({ length: options.lanes }, () => lane().finally(() => (queue.length = 0)));
  const ended = await Promise.allSettled(lanes);
  if (isStopped) process.exit(130);
  for (const { reason } of ended) if (reason) complain(reason);
  return rows;
}

/** For instance of a test that fails without a mutant: it finds none. */
function complain({ message }) {
  console.error(`mutants: ${message}`);
  process.exit(1);
}

async function playOne(mutant) {
  const { seeds, hours, only } = options;
  const stage = keep(stageMutant(base, mutant));
  const bySpecs = only === 'seeds' ? undefined : await findBySpecs(mutant);
  const bySeeds = only === 'specs' ? undefined : await findBySeeds({ base, stage, seeds, hours });
  removeStage(stage);
  stages.delete(stage);
  return { mutant, bySpecs, bySeeds, isFound: bySpecs !== undefined || bySeeds?.seed !== undefined };
}

function keep(stage) {
  stages.add(stage);
  return stage;
}

/** Children end first; Jest's are told of the signal by what runs them. */
function stop() {
  isStopped = true;
  endSpecs();
  endPlayers();
}
