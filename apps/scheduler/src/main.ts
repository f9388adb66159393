import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type Config, formatError, loadConfig, readSmallFile } from '#config';
import { StoreUnusable } from '#store';
import { AdminKeyUnusable } from './transport/access/admin-key.js';
import { banner } from './bootstrap/banner.js';
import { endWhenBroken, SOFTWARE_ERROR } from './bootstrap/crash.js';
import { startDemo } from './bootstrap/demo.js';
import { type CommandLine, readCommandLine, readLogLevel, USAGE } from './bootstrap/flags.js';
import { CannotListen } from './bootstrap/cannot-listen.js';
import { oneAtATime } from './bootstrap/one-at-a-time.js';
import { NeedsStart } from './bootstrap/present-config.js';
import { processGauge } from './transport/limits/process-gauge.js';
import { createScheduler, type RunningScheduler } from './bootstrap/scheduler.js';
import { settled } from './bootstrap/settled.js';
import { TlsUnusable } from './transport/tls/pem.js';

/** Lines for programs go to stderr; stdout is for the operator at the terminal. */
const log = pino({ name: 'berth' }, pino.destination(2));

/** For so long the banner waits for what it says of servers: longer than a try of a connection takes. */
const SERVERS_TOLD_MS = 5_000;
/** Among peers it waits so long to tell which one leads: on an empty Redis a whole lease passes first. */
const LEADER_KNOWN_MS = 20_000;
const LOOK_EVERY_MS = 50;
/** The configuration file may be so long: 10,000 models with a config each. */
const MAX_CONFIG_BYTES = 64 * 2 ** 20;

/** Something the operator has to put right. */
class Unusable extends Error {}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`berth: ${wordsOf(error)}\n`);
  if (error instanceof StoreUnusable && error.reason === 'stuck') endAtOnce();
  process.exit(1);
}

/** What waits for a folder that does not answer cannot be ended, and an orderly exit would wait for it. */
function endAtOnce(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function main(args: readonly string[]): Promise<void> {
  const commandLine = readCommandLine(args);
  if (commandLine.help) return void process.stdout.write(`${USAGE}\n`);
  log.level = readLogLevel(process.env['BERTH_LOG']);
  const config = await configured(commandLine);
  const held = endWhenBroken(log);
  const starting = createScheduler(config, {
    log,
    processMetrics: true,
    gauge: processGauge(),
    startDemo,
  });
  const scheduler = await held(starting);
  followSignals(commandLine, scheduler);
  const ids = config.servers.map(({ id }) => id);
  await leaderKnown(scheduler);
  await scheduler.connectionErrors?.areTold(ids, SERVERS_TOLD_MS);
  process.stdout.write(banner(config, scheduler));
}

/** Resolves once this process decides, or knows which other peer does. */
async function leaderKnown(scheduler: RunningScheduler): Promise<void> {
  const { peers } = scheduler;
  const isKnown = (): boolean =>
    scheduler.connectionErrors !== null ||
    peers === null ||
    (peers.candidate.present?.peer ?? peers.name) !== peers.name;
  for (let left = LEADER_KNOWN_MS; left > 0 && !isKnown(); left -= LOOK_EVERY_MS) await sleep(LOOK_EVERY_MS);
}

/** Environment and files are read here and nowhere else; the configuration file as `read` says. */
async function configured({ flags, configPath }: CommandLine, read = textOf): Promise<Config> {
  const path = configPath ?? (process.env['BERTH_CONFIG'] || undefined);
  const named = configPath === undefined ? 'BERTH_CONFIG' : '--config';
  const file = path === undefined ? {} : { file: { path, text: await read(path, named) } };
  const result = await loadConfig({ ...file, env: process.env, flags });
  if (result.ok) return result.config;
  throw refused(result.errors.map((error) => formatError(error, path)));
}

/** As it is once it changes no more. */
async function settledText(path: string, named: string): Promise<string> {
  const text = await settled(() => textOf(path, named));
  if (text !== null) return text;
  throw refused([`${named}: must name a file that does not change all the time: ${path}`]);
}

async function textOf(path: string, named: string): Promise<string> {
  const read = await readSmallFile(path, MAX_CONFIG_BYTES);
  if ('text' in read) return read.text;
  throw refused([`${named}: ${read.rule}`]);
}

function refused(lines: readonly string[]): Unusable {
  return new Unusable(`the configuration is refused:\n  ${lines.join('\n  ')}`);
}

function followSignals(commandLine: CommandLine, scheduler: RunningScheduler): void {
  let isLeaving = false;
  const leave = (): void => {
    isLeaving = true;
    log.info('shutting down; the models stay loaded');
    scheduler.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the shutdown failed');
        process.exit(SOFTWARE_ERROR);
      },
    );
  };
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  process.on(
    'SIGHUP',
    oneAtATime(async () => {
      await scheduler.readCertificates();
      await reread(commandLine, (config) => (isLeaving ? null : scheduler.reload(config)));
    }),
  );
}

/** A file with errors changes nothing, and nothing is taken up once the process ends: then `takeUp` tells null. */
async function reread(
  commandLine: CommandLine,
  takeUp: (config: Config) => readonly string[] | null,
): Promise<void> {
  try {
    const restart = takeUp(await configured(commandLine, settledText));
    if (restart === null) return;
    log.info('the configuration was taken up');
    if (restart.length > 0) log.warn({ keys: restart }, `only a restart takes up: ${restart.join(', ')}`);
  } catch (error) {
    log.error(`nothing was changed: ${wordsOf(error)}`);
  }
}

/** What the operator has to put right is told in a line; everything else is a bug, with where it happened. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const theirs = [Unusable, StoreUnusable, CannotListen, TlsUnusable, AdminKeyUnusable, NeedsStart].some(
    (kind) => error instanceof kind,
  );
  return theirs || 'code' in error ? error.message : (error.stack ?? error.message);
}
