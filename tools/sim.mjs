/** `npm run sim`: sets up, then becomes the simulation. */
import { setUp } from './set-up.mjs';

await setUp();
await import('../dist/test/simulation/sim.js');
