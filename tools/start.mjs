/**
 * `npm start`: sets up, then becomes the service. It runs in this very process, so signals and the exit status
 * are its own.
 */
import { fileURLToPath } from 'node:url';
import { setUp } from './set-up.mjs';

const main = new URL('../dist/apps/scheduler/src/main.js', import.meta.url);

await setUp();
process.argv[1] = fileURLToPath(main);
await import(main.href);
