import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makePlan } from './make-plan.js';
import type { Mark } from './marks.js';
import type { Plan } from './plan.js';
import { play, type Played } from './play.js';
import { readPlan } from './read-plan.js';
import { findingsText, investigate, REGRESSIONS } from './sim-failures.js';
import { readVariables } from './sim-options.js';

const LAST_LINES = 40;
/** A failing plan is reduced for so long, and only the first one. */
const SHRINK_MS = 20_000;
const SEED_MS = 60_000 + SHRINK_MS;

const met = new Set<Mark>();
const { seeds, hours, isChosen } = readVariables(process.env);
let isInvestigated = false;

describe('a fleet under faults', () => {
  for (const seed of seeds) {
    it(
      `keeps its promises and comes to rest (SEED=${seed})`,
      async () => {
        const plan = makePlan(seed, { hours });
        const played = await play(plan, { keepsAll: isChosen });
        for (const situation of played.marks.keys()) met.add(situation);
        if (isChosen) process.stdout.write(`${played.lines.join('\n')}\n`);
        expect(await complaint(plan, played)).toBe(undefined);
      },
      SEED_MS,
    );
  }

  const isMany = seeds.length >= 100;
  (isMany ? it : it.skip)('meets every situation', () => {
    expect(SITUATIONS.filter((situation) => !met.has(situation))).toEqual([]);
  });

  it(
    'goes the same way twice',
    async () => {
      const plan = makePlan(seeds.at(-1)!, { hours });
      const { digest, turns } = await play(plan);
      expect(turns).toBeGreaterThan(0);
      expect((await play(plan)).digest).toBe(digest);
    },
    SEED_MS,
  );
});

/** Plans that once broke a promise, reduced to what can be read. */
describe('what was broken once', () => {
  const files = existsSync(REGRESSIONS)
    ? readdirSync(REGRESSIONS).filter((file) => file.endsWith('.json'))
    : [];
  for (const file of files) {
    it(
      `is kept now: ${file}`,
      async () => {
        const plan = readPlan(readFileSync(join(REGRESSIONS, file), 'utf8'));
        const { failure, lines } = await play(plan);
        expect(failure && `${plan.title}\n${failure}\n${lines.slice(-LAST_LINES).join('\n')}`).toBe(
          undefined,
        );
      },
      SEED_MS,
    );
  }
});

/** What was broken, and what led to it; undefined where nothing was. */
async function complaint(plan: Plan, { failure, failedAt, lines }: Played): Promise<string | undefined> {
  if (failure === undefined) return undefined;
  const text = [`SEED=${plan.seed} HOURS=${hours} ${failure}`, ...lines.slice(-LAST_LINES)];
  if (isInvestigated) return text.join('\n');
  isInvestigated = true;
  const options = { root: process.cwd(), shrinkMs: SHRINK_MS };
  text.push(findingsText(plan, await investigate(plan, { failure, failedAt }, options)));
  return text.join('\n');
}

/** What has to come up somewhere in a hundred seeds; a long run of `npm run sim` has to meet every rare one. */
const SITUATIONS: readonly Mark[] = [
  'warm route',
  'cold route',
  'inference',
  'eviction',
  'stranger load',
  'stranger unload',
  'late server',
  'asked again too soon',
  'asked again when told to',
  'storm of retries',
  'tried once more after too many failures',
  ...(['idle', 'evicted', 'admin', 'drain'] as const).map((cause) => `unload ${cause}` as const),
  ...(['kill', 'terminate', 'berthCrash', 'loseReply', 'stuckLoad', 'stuckUnload', 'deadModel'] as const),
  ...(['memoryBackLate', 'connectionBreaks', 'partition', 'slowNetwork', 'diskFull', 'slowIndex'] as const),
  ...(['slowHandler', 'slowLoad', 'loadFails', 'metricsDown'] as const),
  ...(['unknown_model', 'unknown_version', 'disabled', 'infeasible', 'load_failed'] as const).map(asRefusal),
  ...(['loading', 'cooling_down', 'no_capacity', 'no_server'] as const).map(asRefusal),
  ...(['queue_full', 'over_share', 'deadline_unreachable'] as const).map(asRefusal),
  'Berth crashed while it loaded',
  'Berth crashed while requests waited',
  'leaving model asked for',
  'load ended without an answer while requests waited',
  'load without an answer had succeeded',
  'queue full displaced nobody',
  'displaced for a higher class',
  "server restarted while a load's reply was lost",
  'starvation drained a copy in use',
  'stranger found where there was no room',
  'two copies left for one newcomer',
];

function asRefusal<Reason extends string>(reason: Reason): `refused ${Reason}` {
  return `refused ${reason}`;
}
