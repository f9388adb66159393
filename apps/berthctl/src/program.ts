import { Command, CommanderError, Option } from 'commander';
import { addCommands } from './commands.js';
import type { Act, Perform } from './work.js';
import { Failed, Refused, Usage } from './failures.js';
import { count } from './option-values.js';
import { type Globals, type Surroundings, workIn } from './surroundings.js';
import { DEFAULT_URL } from './target.js';
import { jsonLines, type Terminal } from './terminal.js';

const DONE = 0;
const REFUSED = 1;
const WRONG_USAGE = 2;

/**
 * Runs one command line, and returns the exit status. `--version` is no option of commander's, which would take it anywhere in the
 * line: `resolve` has an option of that name.
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  if (args[0] === '--version') {
    const { BERTH_VERSION } = await import('./version.js');
    surroundings.terminal.out([BERTH_VERSION]);
    return DONE;
  }
  try {
    await programIn(surroundings).parseAsync([...args], { from: 'user' });
    return DONE;
  } catch (error) {
    return told(error, surroundings.terminal);
  }
}

function programIn(surroundings: Surroundings): Command {
  const program = new Command('berthctl');
  const { terminal } = surroundings;
  const act: Act =
    (perform) =>
    (...given) =>
      performed(perform, given, surroundings);
  program
    .description('Asks and steers Berth, which places many models on few GPUs.')
    .addHelpText(
      'after',
      '\nberthctl --version prints the version of berthctl alone; berthctl COMMAND --help tells more of a command.',
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(linesOf(text)),
      writeErr: (text) => terminal.err(linesOf(text)),
    })
    .option('--url <url>', `where Berth is (BERTH_URL, default ${DEFAULT_URL})`)
    .option('--ca <file>', 'the authority that its certificate must be of, such as ca.crt (BERTH_CA)')
    .option(
      '--key-file <file>',
      'a file with the key to show; else it is in BERTH_KEY, a token in BERTH_TOKEN',
    )
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs')
        .choices(['table', 'json'])
        .default('table'),
    )
    .addOption(count('--timeout-ms <n>', 'how long an answer may take, beside any wait', 1).default(10_000));
  addCommands(program, act);
  for (const command of everyCommand(program)) {
    command.showHelpAfterError(`usage: ${command.createHelp().commandUsage(command)} (--help says more)`);
  }
  return program;
}

/** Commander's two last arguments are the options and the command. */
async function performed(
  perform: Perform,
  given: readonly unknown[],
  surroundings: Surroundings,
): Promise<void> {
  const command = given.at(-1) as Command;
  const work = workIn(surroundings, command.optsWithGlobals<Globals>());
  try {
    await perform(work, given.slice(0, -2) as [string, ...string[]], command.opts<never>());
  } catch (error) {
    if (error instanceof Refused && work.isJson) work.terminal.out(jsonLines(error.problem));
    throw error;
  }
}

/** Tells an error, and returns the exit status. Commander has told its own errors already. */
function told(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USAGE;
  if (error instanceof Failed) {
    terminal.err([`berthctl: ${error.message}`, ...error.hints.map((hint) => `  ${hint}`)]);
    return error instanceof Usage ? WRONG_USAGE : REFUSED;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(['berthctl: this is a bug of its own:', ...linesOf(words)]);
  return REFUSED;
}

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');
