import type { Command } from 'commander';
import type { Act } from './work.js';
import { example } from './example.js';
import { count } from './option-values.js';

/** Adds `webhooks` with its commands. */
export function addWebhooks(webhooks: Command, act: Act): void {
  webhooks
    .command('endpoints')
    .description('list the endpoints that are told events, and how they answer')
    .addHelpText('after', example('webhooks endpoints'))
    .action(act(async (work) => (await import('./webhooks.js')).listEndpoints(work)));
  webhooks
    .command('test <endpoint>')
    .description('send an endpoint, by its name or its URL, the event webhook.test, and say how it answers')
    .addHelpText('after', example('webhooks test ops', 'webhooks test https://hooks.example.com'))
    .action(act(async (work, [endpoint]) => (await import('./webhooks.js')).testEndpoint(work, endpoint)));
  webhooks
    .command('dead-letters')
    .description('list the events that are not sent any more, the newest first')
    .addOption(count('--last <n>', 'how many at most', 1).default(100))
    .option('--endpoint <name>', 'only those for this endpoint')
    .addHelpText('after', example('webhooks dead-letters', 'webhooks dead-letters --endpoint ops -o json'))
    .action(act(async (work, _, options) => (await import('./webhooks.js')).listLetters(work, options)));
  for (const [verb, words] of Object.entries(VERBS)) {
    webhooks
      .command(`${verb} [id]`)
      .description(words)
      .option('--all', 'all dead letters, the oldest first')
      .option('--endpoint <name>', 'with --all: only those for this endpoint')
      .addHelpText('after', example(`webhooks ${verb} evt_5f1c2a9be07d4c11_42`, `webhooks ${verb} --all`))
      .action(
        act(async (work, [id], options) =>
          (await import('./webhooks.js')).eachLetter(work, verb as keyof typeof VERBS, id, options),
        ),
      );
  }
}

const VERBS = {
  replay: 'have a dead letter sent again',
  drop: 'forget a dead letter',
} as const;
