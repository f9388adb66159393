// Berth as `main.js` starts it, but that it lets go of its garbage once it is told so by SIGUSR2. It then writes to the file
// that MEMORY_FILE names how many bytes are still in use: objects of the heap, and buffers beside it.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
const file = process.env.MEMORY_FILE;

process.on('SIGUSR2', () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
});

await import('../../dist/apps/scheduler/src/main.js');
