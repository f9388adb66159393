/**
 * `npm start`: sets up, then becomes the service. It runs in this very process, so signals and the exit status
 * are its own.
 */
import { fileURLToPath } from 'node:url';
import { keptByNpm } from './npm-flags.mjs';
import { setUpToRun } from './set-up.mjs';

const main = new URL('../dist/apps/scheduler/src/main.js', import.meta.url);

const hint = keptByNpm(process.env, process.argv.slice(2));
if (hint !== null) {
  process.stderr.write(`${hint}\n`);
  process.exit(1);
}
await setUpToRun();
process.argv[1] = fileURLToPath(main);
await import(main.href);
