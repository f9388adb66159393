/**
 * Loaded before a program (`--import`, with `--expose-gc`): it then lets go of its garbage when it is told to, and writes
 * how many bytes of its heap are in use after that to the file that HEAP_FILE names, if any.
 */
import { writeFileSync } from 'node:fs';

const { gc } = globalThis;
const file = process.env['HEAP_FILE'];

process.on('SIGUSR2', () => {
  gc?.();
  if (file !== undefined) writeFileSync(file, String(process.memoryUsage().heapUsed));
});
