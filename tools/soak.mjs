/** `npm run soak`: sets up, then becomes the soak. */
import { setUp } from './set-up.mjs';

await setUp();
await import('../dist/test/load/soak/soak.js');
