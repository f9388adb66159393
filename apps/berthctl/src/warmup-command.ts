import type { Command } from 'commander';
import type { Act } from './work.js';
import { example } from './example.js';
import { count } from './option-values.js';

/** Adds `warmup` with its commands. */
export function addWarmups(warmup: Command, act: Act): void {
  const wait = () => count('--wait-ms <n>', 'how long to wait until it has ended; absent: not at all');
  warmup
    .command('start <models...>')
    .description('have models loaded, a few at a time, up to 1,000')
    .addOption(wait())
    .addHelpText('after', example('warmup start resnet50 bert-base', 'warmup start resnet50 --wait-ms 60000'))
    .action(act(async (work, models, options) => (await import('./warmup.js')).start(work, models, options)));
  warmup
    .command('list')
    .description('list the warm-ups that are kept, the newest first')
    .addHelpText('after', example('warmup list'))
    .action(act(async (work) => (await import('./warmup.js')).list(work)));
  warmup
    .command('get <id>')
    .description('say how far a warm-up is')
    .addOption(wait())
    .addHelpText('after', example('warmup get wu_5f1c2a9be07d4c115f1c2a9be07d4c11'))
    .action(act(async (work, [id], options) => (await import('./warmup.js')).get(work, id, options)));
  warmup
    .command('cancel <id>')
    .description('begin no other model of a warm-up; what is being loaded stays')
    .addHelpText('after', example('warmup cancel wu_5f1c2a9be07d4c115f1c2a9be07d4c11'))
    .action(act(async (work, [id]) => (await import('./warmup.js')).cancel(work, id)));
}
