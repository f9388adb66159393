import { type Command, Option } from 'commander';
import { ROLES } from '#access';
import type { Act } from './work.js';
import { example } from './example.js';
import { count } from './option-values.js';

/** Adds `key new`. */
export function addKeys(key: Command, act: Act): void {
  key
    .command('new')
    .description('make a key, and the line for the configuration with its hash; asks no server')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(ROLES).makeOptionMandatory())
    .option('--tenant <tenant>', 'the tenant for which shares are counted; absent: the id')
    .addOption(
      new Option('--max-class <class>', 'the highest class that its holder may ask for; absent: any').choices(
        ['critical', 'default', 'sheddable'],
      ),
    )
    .addOption(
      count(
        '--max-lease-ms <ms>',
        'longer leases are cut to it; absent: 600000, or 60000 of the class sheddable',
      ),
    )
    .option('--id <id>', 'the name of the key, for logs and the audit; absent: the role and a number')
    .option('--expires <time>', 'when it stops to be valid, like 2027-01-31T00:00:00Z; absent: never')
    .addHelpText(
      'after',
      example('key new --role gateway --tenant risk', 'key new --role admin --id boss -o json'),
    )
    .action(act(async (work, _, options) => (await import('./key.js')).newKeyOf(work, options)));
  key.addHelpText('after', example('key new --role gateway'));
}
