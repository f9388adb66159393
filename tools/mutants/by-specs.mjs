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

/** Without a mutant: whether all is well as it is. Examples first: properties take their time. */
export async function findBySpecs(mutant) {
  const byExample = await firstFailure(mutant, [`--testPathIgnorePatterns=${PROPERTIES}`]);
  return byExample ?? (await firstFailure(mutant, [`--testPathPatterns=${PROPERTIES}`]));
}

async function firstFailure(mutant, which) {
  const args = [...NODE_FLAGS, JEST, '--config', CONFIG, '--runInBand', '--bail', ...which];
  const env = { ...process.env, FORCE_COLOR: '0' };
  if (mutant) env.MUTANT = JSON.stringify(mutant);
  const jest = { cwd: ROOT, env, capture: true, timeoutMs: SPECS_MS };
  const { code, output, timedOut } = await run(process.execPath, args, jest);
  if (timedOut) return { spec: 'the specs', said: `do not end within ${SPECS_MS / 1000} s` };
  if (code === 0) return undefined;
  const found = output.split('\n').find((line) => line.startsWith('{"spec":'));
  return found ? JSON.parse(found) : { spec: 'the specs', said: `Jest ends with ${code}: ${output.trim()}` };
}
