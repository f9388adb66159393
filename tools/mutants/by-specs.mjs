/** What the examples and properties of the core and the engine find: the first test that fails with a mutant. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../processes.mjs';
import { ROOT } from '../set-up.mjs';

const CONFIG = fileURLToPath(new URL('jest.config.mjs', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const SPECS_MS = 240_000;
const PROPERTIES = '\\.property\\.spec\\.ts$';

let isEnded = false;

/** The specs that run are told of the signal by what runs them; none begin any more. */
export function endSpecs() {
  isEnded = true;
}

/** Without a mutant: whether all is well as it is. Examples first: properties take their time. */
export async function findBySpecs(mutant) {
  const byExample = await firstFailure(mutant, [`--testPathIgnorePatterns=${PROPERTIES}`]);
  return byExample ?? (await firstFailure(mutant, [`--testPathPatterns=${PROPERTIES}`]));
}

async function firstFailure(mutant, which) {
  const ended = await runSpecs(mutant, which);
  if (ended.code === 0) return undefined;
  const found = ended.output.split('\n').find((line) => line.startsWith('{"spec":'));
  if (found) return JSON.parse(found);
  if (mutant) await assertAllIsWell(which, mutant);
  return { spec: 'the specs', said: lastWords(ended) };
}

/** Specs that name no test say something of a mutant only where they come to their end without it. */
async function assertAllIsWell(which, { name }) {
  const ended = await runSpecs(undefined, which);
  if (ended.code !== 0) throw new Error(`with ${name} and without it the specs ${lastWords(ended)}`);
}

async function runSpecs(mutant, which) {
  const args = [...NODE_FLAGS, JEST, '--config', CONFIG, '--runInBand', '--bail', ...which];
  const env = { ...process.env, FORCE_COLOR: '0' };
  if (mutant) env.MUTANT = JSON.stringify(mutant);
  const ended = await run(process.execPath, args, { cwd: ROOT, env, capture: true, timeoutMs: SPECS_MS });
  if (isEnded) throw new Error('ended from outside');
  return ended;
}

const lastWords = ({ code, output, timedOut }) =>
  timedOut ? `do not end within ${SPECS_MS / 1000} s` : `end with ${code}: ${output.trim()}`;
