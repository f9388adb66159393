/** `npm run bench`: sets up, then becomes the load test. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setUp } from './set-up.mjs';

const bench = new URL('../dist/test/load/bench.js', import.meta.url);

await setUp();
if (existsSync(bench)) {
  process.argv[1] = fileURLToPath(bench);
  await import(bench.href);
} else {
  console.error('berth: there is no load test yet (test/load/bench.ts)');
  process.exitCode = 1;
}
