import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';

/** Bugs of what is learned of demand and of loads, and of a load that ran out of memory. */
// prettier-ignore
export const OF_LOADS: readonly Mutant[] = [
  { name: 'who-is-turned-away-counts-for-nothing', breaks: 19, file: `${CORE}/observe/requests.ts`, find: `  countAsks(fleet, request.model, 1, now);\n`, replace: `` },
  { name: 'asked-once-asked-for-ever', breaks: 19, file: `${CORE}/numbers/decaying-sum.ts`, find: `Math.max(0, now - one.at) / TIME_CONSTANT)`, replace: `Math.max(0, now - one.at) / (1e9 * TIME_CONSTANT))` },
  { name: 'place-of-what-is-pinned-outlives-its-move', breaks: 9, file: `${CORE}/placement/place.ts`, find: `? strays.has(replica.id) ||`, replace: `? strays.size < 0 ||` },
  { name: 'never-learns-how-long-unloads-take', breaks: 13, file: `${CORE}/observe/sighted.ts`, find: `if (sighting.proven && !isStuck(fleet, replica, now)) learnUnloadTime(fleet, server, replica, now);`, replace: `` },
  { name: 'sent-away-by-half-a-chance', breaks: 13, file: `${CORE}/learned/load-times.ts`, find: `p50 ** 2 / p90;`, replace: `Math.min(p50, p90);` },
  // A load that ran out of memory.
  { name: 'ran-out-and-nothing-learned', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `fleet.shortfalls.set(account, { at: now, replica: id, model, server, bytes, until: now + UNMEASURED });`, replace: `` },
  { name: 'look-from-before-a-load-ran-out', breaks: 3, file: `${CORE}/observe/foreign.ts`, find: `told.look.begunAt < shortfall.at + SHOWN_AFTER`, replace: `told.look.begunAt < shortfall.at` },
  { name: 'unmeasured-device-as-it-was', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `takenOf(owner.server, device) + unmeasuredShortfall(fleet, device)`, replace: `takenOf(owner.server, device) + 0 * unmeasuredShortfall(fleet, device)` },
  { name: 'too-large-a-model-closes-a-device', breaks: 10, file: `${CORE}/observe/ran-out.ts`, find: `used !== null || !fleet.cooldowns.has(id);`, replace: `used !== null || fleet.cooldowns !== null;` },
];
