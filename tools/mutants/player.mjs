/** Plays specs or seeds on a stage in a process of its own, since a mutant may never end, or end its process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from '../patience.mjs';

const players = new Set();
/** A player may be in a loop that no other signal ends. */
process.on('exit', () => players.forEach((player) => player.kill('SIGKILL')));

/**
 * The first spec or seed that fails, does not end, or ends the process, as `at`, and what was `said` of it; undefined
 * where all pass. Rejects where the script does not come to its first one.
 */
export async function firstFailure(script, ...args) {
  const player = fork(fileURLToPath(new URL(script, import.meta.url)), args.map(String), {
    execArgv: ['--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  players.add(player);
  let cries = '';
  player.stderr.on('data', (chunk) => (cries += chunk));
  let failure;
  let at;
  const end = (said) => {
    failure ??= { at, said: String(said) };
    player.kill('SIGKILL');
  };
  const watch = setTimeout(end, PATIENCE_MS, `does not end within ${PATIENCE_MS / 1000} s`);
  player.on('message', ({ begins, fails, said }) => {
    watch.refresh();
    if (fails === undefined) at = begins;
    else end(said);
  });
  const [code] = await once(player, 'close');
  clearTimeout(watch);
  players.delete(player);
  if (code !== 0 && at === undefined) throw new Error(`${script} does not begin:\n${cries}`);
  return failure ?? (code === 0 ? undefined : { at, said: lastWords(cries) });
}

function lastWords(cries) {
  const lines = cries.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? 'it ends';
}
