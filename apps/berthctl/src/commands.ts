import { type Command, Option } from 'commander';
import { addAudit } from './audit-command.js';
import { example } from './example.js';
import { addKeys } from './key-command.js';
import { count, several } from './option-values.js';
import { addWarmups } from './warmup-command.js';
import { addWebhooks } from './webhooks-command.js';
import type { Act } from './work.js';

/** Adds every command. Each brings its code along only when it runs, so that help and complaints are quick. */
export function addCommands(program: Command, act: Act): void {
  addGet(program.command('get').description('show models, servers or the whole fleet'), act);
  addResolve(program, act);
  addPins(program, act);
  addOrders(program, act);
  addWarmups(program.command('warmup').description('have many models loaded, and see how far that is'), act);
  addApply(program, act);
  addReload(program, act);
  addDrains(program, act);
  addFreezes(program, act);
  addPlanning(program, act);
  addAudit(program, act);
  addWebhooks(program.command('webhooks').description('look after what is told to endpoints'), act);
  addReplay(program, act);
  addStore(program.command('store').description('look after the store of a Berth that is stopped'), act);
  addVersion(program, act);
  addKeys(program.command('key').description('make keys for callers'), act);
}

const waitOption = (what: string): Option =>
  count('--wait-ms <n>', `how long to wait until ${what}; absent: not at all`);

function addGet(get: Command, act: Act): void {
  const label = (): Option =>
    several(
      '-l, --label <selector>',
      'only those with this label: key, !key, key=value or key!=value; may be repeated',
    );
  get
    .command('models [name]')
    .alias('model')
    .description('list the models, or tell of one; starts nothing')
    .option('--state <state>', 'only those in this state, such as ready, loading or absent')
    .option('--server <id>', 'only those with a copy on this server')
    .addOption(label())
    .addHelpText('after', example('get models --state ready', 'get models resnet50 -o json'))
    .action(act(async (work, [name], options) => (await import('./get.js')).getModels(work, name, options)));
  get
    .command('servers [id]')
    .alias('server')
    .description('list the servers, or tell of one')
    .option('--state <state>', 'only those in this state, such as ready, lost or draining')
    .addOption(label())
    .addHelpText('after', example('get servers --label zone=a'))
    .action(act(async (work, [id], options) => (await import('./get.js')).getServers(work, id, options)));
  get
    .command('fleet')
    .description('the whole picture: leader, replicas, and the memory of each device')
    .addHelpText('after', example('get fleet'))
    .action(act(async (work) => (await import('./get.js')).getFleet(work)));
  get.addHelpText('after', example('get models', 'get fleet -o json'));
}

function addResolve(program: Command, act: Act): void {
  program
    .command('resolve <model>')
    .description('say where a model is; a cold one is loaded first')
    .addOption(
      count(
        '--wait-ms <n>',
        'how long to wait for a cold model; absent: what the model allows, up to 10 min',
      ),
    )
    .addOption(count('--lease-ms <n>', 'how long the route must stay good'))
    .addOption(
      new Option('--class <class>', 'how much the request matters').choices([
        'critical',
        'default',
        'sheddable',
      ]),
    )
    .option('--version <version>', 'a version of the model; absent: any')
    .addOption(several('--avoid <server>', 'a server that has just failed; may be repeated'))
    .option('--affinity-key <key>', 'the same key leads to the same copy')
    .addHelpText('after', example('resolve resnet50', 'resolve resnet50 --wait-ms 0'))
    .action(
      act(async (work, [model], options) => (await import('./resolve.js')).resolve(work, model, options)),
    );
}

function addPins(program: Command, act: Act): void {
  program
    .command('pin <model>')
    .description('keep copies of a model resident; refused where no place is left beside the other pins')
    .addOption(count('--copies <n>', 'how many copies', 1).default(1))
    .option('--until <time>', 'when the pin ends, like 2026-01-31T12:00:00Z; absent: never')
    .addHelpText('after', example('pin resnet50', 'pin resnet50 --copies 2 --until 2026-12-24T18:00:00Z'))
    .action(act(async (work, [model], options) => (await import('./orders.js')).pin(work, model, options)));
  program
    .command('unpin <model>')
    .description('let a model be idle and go again')
    .addHelpText('after', example('unpin resnet50'))
    .action(act(async (work, [model]) => (await import('./orders.js')).unpin(work, model)));
}

function addOrders(program: Command, act: Act): void {
  program
    .command('load <model>')
    .description('order a load now')
    .addOption(waitOption('it is ready'))
    .addHelpText('after', example('load resnet50', 'load resnet50 --wait-ms 60000'))
    .action(act(async (work, [model], options) => (await import('./orders.js')).load(work, model, options)));
  program
    .command('unload <model>')
    .description('retire the present copies once; demand and pins may bring the model back')
    .option('--force', 'do not wait for leases to end; never overrides a pin')
    .addOption(waitOption('no copy is left'))
    .addHelpText('after', example('unload resnet50 --wait-ms 30000'))
    .action(
      act(async (work, [model], options) => (await import('./orders.js')).unload(work, model, options)),
    );
}

function addApply(program: Command, act: Act): void {
  program
    .command('apply')
    .description('declare the models of a YAML or JSON file, all or none, and then its servers')
    .requiredOption(
      '-f, --file <file>',
      'a file with `models` and `servers`, written as in the configuration; -: stdin',
    )
    .addHelpText('after', example('apply -f models.yaml'))
    .action(act(async (work, _, options) => (await import('./apply.js')).apply(work, options)));
  program
    .command('delete')
    .description('withdraw the models and servers that a YAML or JSON file names')
    .requiredOption('-f, --file <file>', 'a file such as one that was applied; -: stdin')
    .addHelpText('after', example('delete -f models.yaml'))
    .action(act(async (work, _, options) => (await import('./delete.js')).deleteNamed(work, options)));
}

function addReload(program: Command, act: Act): void {
  program
    .command('reload <model>')
    .description('take up a new version on disk: each copy leaves and is loaded again where it was')
    .addOption(waitOption('every copy is ready again'))
    .addHelpText('after', example('reload resnet50 --wait-ms 120000'))
    .action(
      act(async (work, [model], options) => (await import('./orders.js')).reload(work, model, options)),
    );
}

function addDrains(program: Command, act: Act): void {
  program
    .command('drain <server>')
    .description('load elsewhere what serves there, then let go; survives a restart')
    .addOption(
      count('--deadline-ms <n>', 'when to let go even without a place elsewhere; absent: wait for one'),
    )
    .addHelpText('after', example('drain triton-a', 'drain triton-a --deadline-ms 60000'))
    .action(
      act(async (work, [server], options) => (await import('./orders.js')).drain(work, server, options)),
    );
  program
    .command('undrain <server>')
    .description('end a drain')
    .addHelpText('after', example('undrain triton-a'))
    .action(act(async (work, [server]) => (await import('./orders.js')).undrain(work, server)));
}

function addFreezes(program: Command, act: Act): void {
  program
    .command('freeze')
    .description('order no load and no unload from now on; routes go on; survives a restart')
    .option('--reason <text>', 'the reason, shown with the fleet', 'frozen by hand')
    .addHelpText('after', example('freeze --reason "the new drivers are looked into"'))
    .action(act(async (work, _, options) => (await import('./freezes.js')).freeze(work, options)));
  program
    .command('unfreeze')
    .description('end a freeze')
    .addHelpText('after', example('unfreeze'))
    .action(act(async (work) => (await import('./freezes.js')).unfreeze(work)));
}

function addPlanning(program: Command, act: Act): void {
  program
    .command('explain <model>')
    .description(
      'why a model is where it is, or nowhere: each device in numbers, and the copies that hold it; starts nothing',
    )
    .addHelpText('after', example('explain resnet50'))
    .action(act(async (work, [model]) => (await import('./explain.js')).explain(work, model)));
  program
    .command('plan')
    .description('what would happen if something were so; changes nothing')
    .option('-f, --file <file>', 'YAML or JSON with models, pins, lost, drained and asked')
    .addOption(several('--pin <model=copies>', 'a pin that is set; may be repeated'))
    .addOption(several('--lose <server>', 'a server that is lost; may be repeated'))
    .addOption(several('--drain <server>', 'a server that is drained; may be repeated'))
    .addOption(several('--ask <model>', 'a model that a request asks for; may be repeated'))
    .addOption(count('--within-ms <n>', 'how far ahead is planned at most; absent: 10 min', 1))
    .addHelpText(
      'after',
      example('plan --lose triton-a', 'plan --pin resnet50=2 --ask bert-base', 'plan -f supposed.yaml'),
    )
    .action(act(async (work, _, options) => (await import('./plan.js')).plan(work, options)));
}

function addVersion(program: Command, act: Act): void {
  program
    .command('version')
    .description('print the version of berthctl, and of the Berth that it asks')
    .addHelpText('after', example('version', 'version -o json'))
    .action(act(async (work) => (await import('./version.js')).version(work)));
}

function addReplay(program: Command, act: Act): void {
  program
    .command('replay <file>')
    .description('step through recorded turns: does the core of today decide the same?')
    .addOption(count('--turn <n>', 'show this turn, and the fleet after it', 1))
    .option('--why <model>', 'why this model is where it is, or nowhere: after that turn, or after the last')
    .addHelpText('after', example('replay turns.jsonl', 'replay turns.jsonl --turn 17 --why resnet50'))
    .action(act(async (work, [file], options) => (await import('./replay.js')).replay(work, file, options)));
}

function addStore(store: Command, act: Act): void {
  store
    .command('check <folder>')
    .description('say whether all of it is as it was written, and what is not')
    .addHelpText('after', example('store check .berth'))
    .action(act(async (work, [folder]) => (await import('./store.js')).check(work, folder)));
  store
    .command('export <folder>')
    .description('write what can be read as JSON lines; status 1 where something cannot')
    .addHelpText('after', example('store export .berth > rows.jsonl'))
    .action(act(async (work, [folder]) => (await import('./store.js')).exportRows(work, folder)));
  store
    .command('import <folder>')
    .description('make a store of JSON lines from stdin, in a folder that is empty')
    .addHelpText('after', example('store import .berth < rows.jsonl'))
    .action(act(async (work, [folder]) => (await import('./store.js')).importStore(work, folder)));
}
