import { run } from './program.js';
import { terminalOn } from './terminal.js';

/** A reader that has seen enough, as `head` has, is no error to tell of; a full disk is. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE')
    process.stderr.write(`berthctl: the answer cannot be written: ${error.message}\n`);
  process.exit(1);
});

process.exitCode = await run(process.argv.slice(2), {
  terminal: terminalOn(process.stdout, process.stderr),
  input: process.stdin,
  env: process.env,
  now: Date.now,
});
