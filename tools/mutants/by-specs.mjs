/** What the specs of the core and the engine find: the first test that fails with a mutant, the nearest specs first. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../processes.mjs';
import { ROOT } from '../set-up.mjs';

const CONFIG = fileURLToPath(new URL('jest.config.mjs', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
/** Several times what all of them need on a busy machine; a mutant that never comes to its end is found by that. */
const SPECS_MS = 900_000;

let isEnded = false;
/** Of each spec that found a mutant, whether it passes without any. */
const passing = new Map();

/** The specs that run are told of the signal by what runs them; none begin any more. */
export function endSpecs() {
  isEnded = true;
}

/** Rejects where what seems to find the mutant fails without it as well. */
export async function findBySpecs(mutant) {
  const ended = await runSpecs(mutant, []);
  if (ended.code === 0) return undefined;
  const found = ended.output.split('\n').find((line) => line.startsWith('{"spec":'));
  const { spec, said } = found ? JSON.parse(found) : { spec: 'the specs', said: lastWords(ended) };
  const which = found ? ['--runTestsByPath', spec] : [];
  if (!passing.has(spec)) passing.set(spec, runSpecs(undefined, which));
  const without = await passing.get(spec);
  if (without.code !== 0) throw new Error(`${spec} fail without ${mutant.name} too: ${lastWords(without)}`);
  return { spec, said };
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
