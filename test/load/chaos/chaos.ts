/**
 * `npm run chaos`: three Berths on one Redis with Sentinels, among faults, with gateways that hold them to their routes. It
 * ends with a table, and with status 1 where a promise was broken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { killAll } from '../children.js';
import { removeScratch } from '../scratch.js';
import { Chance } from './chance.js';
import type { ChaosBerth } from './chaos-berth.js';
import { FAULTS } from './faults.js';
import { emptyTally, runGateways, untilWarm } from './gateways.js';
import { type ChaosOptions, readOptions, USAGE } from './options.js';
import { type ChaosStage, startStage } from './stage.js';
import { type ChaosSeen, checkRecordings, judge, reignsIn, type RoundSeen, tableOf } from './verdict.js';

/** A Berth that leads and is ready has to be there so soon after a fault is over. */
const CALM_MS = 90_000;
const POLL_MS = 250;
/** Between two faults all is well for a while. */
const REST_MS = 3_000;

process.once('exit', () => killAll());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const seen = await chaos(optionsOf(process.argv.slice(2)));
process.stdout.write(tableOf(seen));
const isMet = judge(seen).length === 0;
if (isMet) removeScratch();
process.exit(isMet ? 0 : 1);

function optionsOf(args: readonly string[]): ChaosOptions {
  try {
    return readOptions(args);
  } catch (error) {
    process.stderr.write(`chaos: ${(error as Error).message}\n${USAGE}\n`);
    process.exit(2);
  }
}

async function chaos(options: ChaosOptions): Promise<ChaosSeen> {
  const stage = await startStage(options);
  const [tally, over] = [emptyTally(), new AbortController()];
  const rounds: RoundSeen[] = [];
  const calm = await calmed(stage);
  process.stderr.write(`chaos: ${stage.folder}, ${calm.name} leads\n`);
  await untilWarm(stage.berths);
  const gateways = runGateways(stage.berths, new Chance(options.seed + 1), tally, over.signal);
  const chance = new Chance(options.seed);
  for (const fault of drawFaults(chance, options.rounds))
    rounds.push(await playRound(stage, chance, rounds.length + 1, fault));
  over.abort();
  await gateways;
  await stage.end();
  return { options, rounds, tally, terms: reignsIn(stage.berths), ...(await checkRecordings(stage.berths)) };
}

/** Each fault is played once before any is played again. */
function drawFaults(chance: Chance, rounds: number): readonly string[] {
  const drawn: string[] = [];
  while (drawn.length < rounds) drawn.push(...chance.shuffled(Object.keys(FAULTS)));
  return drawn.slice(0, rounds);
}

async function playRound(
  stage: ChaosStage,
  chance: Chance,
  round: number,
  fault: string,
): Promise<RoundSeen> {
  const leader = await calmed(stage);
  const follower = chance.pick(stage.berths.filter((berth) => berth !== leader));
  const scene = { stage, chance, leader, follower, master: await stage.group.master() };
  const what = await FAULTS[fault]!(scene);
  const over = performance.now();
  const next = await calmed(stage);
  const calmMs = Math.round(performance.now() - over);
  const seen = { round, fault, what, calmMs, leader: leader.name, next: next.name };
  process.stderr.write(`chaos: ${JSON.stringify(seen)}\n`);
  await sleep(REST_MS);
  return seen;
}

/** The one Berth that leads, once all are ready and the Sentinels agree. */
async function calmed({ berths, group }: ChaosStage): Promise<ChaosBerth> {
  const giveUpAt = performance.now() + CALM_MS;
  for (;;) {
    const leading = await Promise.all(berths.map((berth) => berth.leads()));
    const ready = await Promise.all(berths.map((berth) => berth.isReady()));
    const leaders = berths.filter((_, at) => leading[at]);
    if (leaders.length === 1 && ready.every((isReady) => isReady) && (await group.master().catch(() => null)))
      return leaders[0]!;
    if (performance.now() > giveUpAt)
      throw new Error(
        `not calm within ${CALM_MS} ms: ${leaders.map(({ name }) => name).join()} lead, ready: ${ready.join()}`,
      );
    await sleep(POLL_MS);
  }
}
