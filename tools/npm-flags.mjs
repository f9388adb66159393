/** npm keeps flags before `--` for itself, and hands them on as variables of the environment only. */
const FLAGS = ['triton', 'config', 'listen', 'grpc', 'data'];

/** What to type instead, where npm kept flags that were meant for Berth; null: it kept none. */
export function keptByNpm(env, args) {
  if (env.npm_lifecycle_event !== 'start') return null;
  const kept = FLAGS.filter((flag) => env[`npm_config_${flag}`] !== undefined);
  if (kept.length === 0) return null;
  const values = [...args];
  const meant = kept.flatMap((flag) =>
    env[`npm_config_${flag}`].split('\n\n').map((value) => spelled(flag, value, values)),
  );
  return `berth: npm kept ${kept.map((flag) => `--${flag}`).join(', ')} for itself: write npm start -- ${meant.join(' ')}`;
}

/** A flag that npm took for a switch has its value among the arguments. */
function spelled(flag, value, values) {
  const told = value === 'true' ? (values.shift() ?? '') : value;
  return `--${flag} ${told}`.trim();
}
