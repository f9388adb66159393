/** `npm run bench`: sets up, then becomes the load test. What is added after `--` names groups of figures. */
import { fileURLToPath } from 'node:url';
import { setUp } from './set-up.mjs';

const bench = new URL('../dist/test/load/bench.js', import.meta.url);

await setUp();
process.argv[1] = fileURLToPath(bench);
await import(bench.href);
