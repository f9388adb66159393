import { describe, expect, it } from '@jest/globals';
import type { Mark } from './marks.js';
import { keepPromises } from './seeds.js';
import { readVariables } from './sim-options.js';

/** After the few seeds of `simulation.spec.ts`, more than a hundred others: in these every common situation comes up. */

const { seeds, hours } = readVariables({ SEEDS: '115', FIRST: '11' });

describe('a fleet under faults, a hundred times', () => {
  const met = keepPromises({ seeds, hours, isChosen: false });

  it('meets every situation', () => {
    expect(SITUATIONS.filter((situation) => !met.has(situation))).toEqual([]);
  });
});

/** What has to come up somewhere in a hundred seeds; a long run of `npm run sim` has to meet every rare one. */
const SITUATIONS: readonly Mark[] = [
  'warm route',
  'cold route',
  'inference',
  'eviction',
  'stranger load',
  'stranger unload',
  'late server',
  'hints are spread',
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
