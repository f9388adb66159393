import { readFlags, USAGE } from './flags.js';
import { startTritonSim } from './sim-server.js';
import type { RunningSim, TritonSimOptions } from './sim-server.js';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(`${USAGE}\n`);
} else {
  try {
    await run(readFlags(args));
  } catch (error) {
    process.stderr.write(`triton-sim: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

/** Runs until a signal; the process then leaves as Triton does, with Triton's exit code. */
async function run(options: Partial<TritonSimOptions>): Promise<void> {
  let isTold = false;
  const running: RunningSim = await startTritonSim({
    ...options,
    onExit: (code) => {
      if (isTold) process.exit(code);
    },
  });
  const leave = (): void => {
    isTold = true;
    if (running.sim.phase === 'down') process.exit(0);
    running.sim.inject({ kind: 'terminate' });
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  const ready = { ready: true, id: running.sim.id, ...running.addresses };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}
