/** `npm run bench`: sets up, then becomes the load test. */
import { setUp } from './set-up.mjs';

await setUp();
await import('../dist/test/load/bench.js');
