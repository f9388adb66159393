/**
 * Loaded before a process: on SIGUSR2 it writes into the file LOOP_GAPS for how many ms its event loop stood still at most
 * since the signal before.
 */
import { writeFileSync } from 'node:fs';

const EVERY_MS = 5;

let longest = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  longest = Math.max(longest, now - last - EVERY_MS);
  last = now;
}, EVERY_MS).unref();

process.on('SIGUSR2', () => {
  writeFileSync(process.env['LOOP_GAPS']!, `${longest}\n`);
  longest = 0;
});
