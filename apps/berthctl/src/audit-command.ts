import { type Command, Option } from 'commander';
import type { Act } from './work.js';
import { example } from './example.js';
import { count } from './option-values.js';

/** Adds `audit` and `audit verify`. */
export function addAudit(program: Command, act: Act): void {
  const audit = program
    .command('audit')
    .description('tell who changed what, the newest first')
    .addOption(count('--last <n>', 'how many records at most', 1).default(100))
    .addOption(
      new Option('--chain <chain>', 'what admins asked for (the default), or all else').choices([
        'admins',
        'programs',
      ]),
    )
    .addOption(
      new Option('--kind <kind>', 'only records about this kind of thing').choices([
        'model',
        'server',
        'freeze',
        'dead_letter',
        'warmup',
      ]),
    )
    .option('--name <name>', 'only records about the model, server, dead letter or warm-up of this name')
    .addHelpText('after', example('audit --kind model --name resnet50', 'audit verify'))
    .action(act(async (work, _, options) => (await import('./audit.js')).listAudit(work, options)));
  audit
    .command('verify')
    .description('read all records, and say whether each is there and follows the one before')
    .addHelpText('after', example('audit verify'))
    .action(act(async (work) => (await import('./audit.js')).verifyAudit(work)));
}
