#!/usr/bin/env node
/**
 * `berthctl`, from any folder: sets up where that was never done, then becomes the command line. It runs in this very
 * process, so signals and the exit status are its own.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/apps/berthctl/src/main.js', import.meta.url);

/** `npm run` moves to the clone; files are named as seen from where it was called. */
if (process.env.npm_lifecycle_event === 'berthctl' && process.env.INIT_CWD)
  process.chdir(process.env.INIT_CWD);

if (!existsSync(main)) await (await import('./set-up.mjs')).setUpToRun();
process.argv[1] = fileURLToPath(main);
await import(main.href);
