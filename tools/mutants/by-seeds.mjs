/** What the simulation finds: the first seed that fails with a mutant and not without it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PLAYER = fileURLToPath(new URL('play-seeds.mjs', import.meta.url));
/** Far longer than a seed takes, on a very busy machine too: a mutant that does not end is found by that. */
const SEED_MS = 300_000;
const NODE_FLAGS = ['--max-old-space-size=1024'];

/**
 * Plays seeds one after the other. `seed` is the one that found the mutant, undefined where none did; `played` is how
 * many it took; `unfit` are those that fail without the mutant too, which proves nothing.
 */
export async function findBySeeds({ base, stage, seeds, hours }) {
  const unfit = [];
  for (let from = 1; from <= seeds;) {
    const { seed, said } = await playSeeds(stage, { from, to: seeds, hours });
    if (seed === undefined) break;
    if (await passesWithout(base, seed, hours)) return { seed, said, played: seed, unfit };
    unfit.push(seed);
    from = seed + 1;
  }
  return { seed: undefined, said: '', played: seeds, unfit };
}

const without = new Map();

/** Most mutants are found by the same few seeds. */
function passesWithout(base, seed, hours) {
  if (!without.has(seed)) without.set(seed, playSeeds(base, { from: seed, to: seed, hours }));
  return without.get(seed).then((played) => played.seed === undefined);
}

const players = new Set();
let isEnded = false;

/** None of them has anything to put in order, and one may be in a loop that no signal but this one ends. */
export function endPlayers() {
  isEnded = true;
  for (const player of players) player.kill('SIGKILL');
}

/** The first seed that fails, does not end, or ends the process; and what was said of it. */
async function playSeeds(stage, { from, to, hours }) {
  const args = [stage, from, to, hours].map(String);
  const player = fork(PLAYER, args, { execArgv: NODE_FLAGS, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  players.add(player);
  const cries = [];
  player.stderr.on('data', (chunk) => cries.push(chunk));
  let seed;
  let failed;
  let hangs = false;
  const watch = setTimeout(() => (hangs = player.kill('SIGKILL')), SEED_MS);
  player.on('message', ({ begins, fails, said }) => {
    if (fails !== undefined) failed = { seed: fails, said };
    else seed = begins;
    watch.refresh();
  });
  const [code] = await once(player, 'close');
  clearTimeout(watch);
  players.delete(player);
  if (isEnded) throw new Error('ended from outside');
  if (failed || code === 0) return failed ?? {};
  if (seed === undefined) throw new Error(`${stage} does not begin:\n${Buffer.concat(cries).toString()}`);
  return { seed, said: hangs ? `does not end within ${SEED_MS / 1000} s` : lastWords(Buffer.concat(cries)) };
}

function lastWords(cries) {
  const lines = cries.toString().split('\n');
  return (
    lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line.trim() !== '') ?? 'it ends'
  );
}
