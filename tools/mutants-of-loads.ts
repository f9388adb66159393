import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';

/** Bugs of what is learned of demand and of loads, and of a device that closes since a load ran out of memory. */
// prettier-ignore
export const OF_LOADS: readonly Mutant[] = [
  { name: 'who-is-turned-away-counts-for-nothing', breaks: 19, file: `${CORE}/observe/requests.ts`, find: `  countRequests(fleet, request.model, 1, now.stamp);\n`, replace: `` },
  { name: 'asked-once-asked-for-ever', breaks: 19, file: `${CORE}/numbers/decaying-sum.ts`, find: `Math.max(0, now - one.at) / TIME_CONSTANT)`, replace: `Math.max(0, now - one.at) / (1e9 * TIME_CONSTANT))` },
  { name: 'never-learns-how-long-unloads-take', breaks: 13, file: `${CORE}/observe/sighted.ts`, find: `if (isProven && !isStuck(fleet, replica, seen.now)) learnUnloadTime(server, replica, seen.now);`, replace: `` },
  { name: 'sent-away-by-half-a-chance', breaks: 13, file: `${CORE}/learned/load-times.ts`, find: `p50 ** 2 / p90;`, replace: `Math.min(p50, p90);` },
  // A load that ran out of memory.
  { name: 'unmeasured-device-as-it-was', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `takenOf(owner.server, device) + unmeasuredShortfall(fleet, owner.server, device)`, replace: `takenOf(owner.server, device) + 0 * unmeasuredShortfall(fleet, owner.server, device)` },
  { name: 'too-large-a-model-closes-a-device', breaks: 10, file: `${CORE}/observe/ran-out.ts`, find: `held > capacity || fleet.cooldowns.has(replica.id)`, replace: `held > capacity || fleet.cooldowns === null` },
  { name: 'open-where-others-were-counted-meanwhile', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `if (!isClosing && (held > capacity || fleet`, replace: `if (held > capacity || (!isClosing && fleet` },
  { name: 'ran-out-and-stays-open', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `if (isClosing) close(fleet, server, device, now);`, replace: `` },
  { name: 'closed-device-takes-loads', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `owners.reduce((sum, owner) => sum + withheldOn(owner.server, deviceOf(owner)), 0);`, replace: `owners.reduce((sum, owner) => sum + 0 * withheldOn(owner.server, deviceOf(owner)), 0) || 0;` },
  { name: 'closed-device-opens-at-once', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (!isOpen && shows(meter.movedAt)) settle(`, replace: `if (!isOpen) settle(` },
  { name: 'opens-by-a-look-from-before-the-move', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (!isOpen && shows(meter.movedAt)) settle(`, replace: `if (!isOpen && reading.now.stamp >= meter.movedAt + windowOf(server)) settle(` },
  { name: 'opens-while-a-load-is-under-way', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (!isOpen && shows(meter.movedAt)) settle(`, replace: `if (shows(meter.movedAt)) settle(` },
  { name: 'closed-device-never-opens', breaks: 19, file: `${CORE}/observe/measure.ts`, find: `{ closed: null, clean: { at: begunAt, used }, changes } satisfies`, replace: `{ clean: { at: begunAt, used }, changes } satisfies` },
  { name: 'closed-as-long-as-others-move', breaks: 19, file: `${CORE}/observe/measure.ts`, find: `else if (closed && now.has(closed.quietSince + CLOSED_AT_MOST)) meter.closed = null;`, replace: `` },
  { name: 'closed-where-nothing-measures', breaks: 19, file: `${CORE}/observe/measure.ts`, find: `Object.assign(meter, { closed: null, clean: null, changes: null, gone: [] }`, replace: `Object.assign(meter, { clean: null, changes: null, gone: [] }` },
  { name: 'loaded-beside-what-nobody-knows', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (unexplained(reading) > 0)`, replace: `if (unexplained(reading) > Infinity)` },
  { name: 'end-counts-in-a-later-pair', breaks: 1, file: `${CORE}/observe/measure.ts`, find: `absentAt(reading).length > 0 ? null : []`, replace: `[] as never[]` },
  { name: 'suspect-leaves-unwatched', breaks: 3, file: `${CORE}/fleet/meter.ts`, find: `if ((measured ?? Infinity) > suspected) closeAfterLoad(meter, now);`, replace: `` },
  { name: 'promised-before-a-load-has-ended', breaks: 13, file: `${CORE}/learned/closing.ts`, find: `if (loadBegan(one) !== null) return Infinity;`, replace: `` },
  { name: 'never-books-what-a-liar-takes', breaks: 10, file: `${CORE}/observe/ran-out.ts`, find: `if (fleet.outgrown.has(model)) return outgrow(`, replace: `if (fleet.outgrown.size < 0) return outgrow(` },
  { name: 'blamed-by-each-device-alone', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `if (others > shortfall.others || rest.length > 0) return;`, replace: `if (others > shortfall.others) return;` },
  { name: 'failed-loads-are-copies-that-left', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `(one) => one.isCopy && one.at`, replace: `(one) => one.at` },
  { name: 'what-books-nothing-moves-memory', breaks: 19, file: `${CORE}/fleet/meter.ts`, find: `replica !== undefined && heldOn(account, replica) > 0;`, replace: `replica !== undefined && heldOn(account, replica) >= 0;` },
  { name: 'promised-what-a-start-does-not-know', breaks: 13, file: `${CORE}/learned/closing.ts`, find: `if (isUnknown || opensAt(`, replace: `if (opensAt(` },
  { name: 'others-are-the-fault-of-the-model', breaks: 3, file: `${CORE}/observe/ran-out.ts`, find: `if (others > shortfall.others || rest.length > 0) return;`, replace: `if (rest.length > 0) return;` },
  // A process that gives memory back late.
  { name: 'one-strike-is-enough', breaks: 13, file: `${CORE}/fleet/meter.ts`, find: `const [first, last] = strikes;`, replace: `const [first, last = first] = strikes;` },
  { name: 'late-once-late-for-ever', breaks: 13, file: `${CORE}/fleet/meter.ts`, find: ` && !now.has(last + STRIKES_WITHIN);`, replace: `;` },
  { name: 'late-memory-counts-as-free', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (!givesBackLate(server, now) || begunAt`, replace: `if (server.strikes.length >= 0 || begunAt` },
  // What an unload takes, and when it is looked for.
  { name: 'no-early-look-for-who-waits', breaks: 13, file: `${CORE}/looks/poll.ts`, find: `Math.min(pausedAfter(fullEndedAt, WITH_OPEN_ORDERS), dueEarly(fleet, server))`, replace: `pausedAfter(fullEndedAt, WITH_OPEN_ORDERS)` },
  { name: 'early-looks-though-they-take-long', breaks: 19, file: `${CORE}/looks/poll.ts`, find: `lookTook < EARLY_SHARE * after`, replace: `after > EARLY_SHARE` },
  { name: 'sample-left-to-chance', breaks: 19, file: `${CORE}/looks/poll.ts`, find: `dueSample(fleet, server, statisticsAt),`, replace: `Infinity,` },
  { name: 'unload-time-learned-from-the-order', breaks: 13, file: `${CORE}/learned/unload-times.ts`, find: `const took = now.stamp - emptiedAt;`, replace: `const took = now.stamp - (since || emptiedAt);` },
];
