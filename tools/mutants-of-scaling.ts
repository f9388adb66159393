import type { Mutant } from './mutants.js';

const SCALING = 'libs/core/src/scaling';
const NEEDS = `${SCALING}/model-needs.ts`;

/** Bugs of the numbers for autoscalers. */
// prettier-ignore
export const OF_SCALING: readonly Mutant[] = [
  { name: 'asked-and-not-needed', breaks: 21, file: NEEDS, find: `if (model && now.stamp - at < neededFor(model)) raiseTo(asked, id, 1);`, replace: `if (model && at < -Infinity) raiseTo(asked, id, 1);` },
  { name: 'used-and-not-needed', breaks: 21, file: NEEDS, find: `if (used > 0) raiseTo(asked, id, 1);`, replace: `` },
  { name: 'disabled-and-needed', breaks: 21, file: NEEDS, find: `if (!model?.enabled) continue;`, replace: `if (!model) continue;` },
  { name: 'needed-without-its-steps', breaks: 21, file: NEEDS, find: `raiseTo(asked, needed, 1);`, replace: `raiseTo(asked, id, 1);` },
  { name: 'wanted-though-it-fits-nowhere', breaks: 21, file: NEEDS, find: `if (!couldHold(fleet, model, gpuBytes)) return null;`, replace: `` },
  { name: 'wanted-by-labels-that-no-server-has', breaks: 21, file: `${SCALING}/model-needs.ts`, find: `labelsMatch(server, model) &&`, replace: `` },
  { name: 'idle-time-of-a-moment', breaks: 21, file: `${SCALING}/holdings.ts`, find: `Math.max(ASKED_FOR, idleUnload ?? DEFAULTS.idleUnload!)`, replace: `Math.min(ASKED_FOR, idleUnload ?? DEFAULTS.idleUnload!)` },
  { name: 'two-large-copies-on-one-device', breaks: 21, file: `${SCALING}/scaling.ts`, find: `Math.max((SLACK * bytes) / gpuBytes, ...large)`, replace: `Math.max((SLACK * bytes) / gpuBytes, large.length * 0)` },
  { name: 'no-server-for-what-is-needed', breaks: 21, file: `${SCALING}/scaling.ts`, find: `if (room === null) return 1;`, replace: `if (room === null) return 0;` },
  { name: 'hosts-without-bounds', breaks: 21, file: `${SCALING}/scaling.ts`, find: `byHosts(needs, room), ...byCopies`, replace: `...byCopies` },
  { name: 'copies-on-one-server', breaks: 21, file: `${SCALING}/scaling.ts`, find: `byHosts(needs, room), ...byCopies`, replace: `byHosts(needs, room)` },
  { name: 'larger-of-two-is-the-median', breaks: 21, file: `${SCALING}/supply.ts`, find: `Math.floor((sorted.length - 1) / 2)`, replace: `Math.floor(sorted.length / 2)` },
  { name: 'restart-forgets-what-is-there', breaks: 21, file: `${SCALING}/scaling.ts`, find: `const kept = isYoung(fleet, now) ? present.length : 0;`, replace: `const kept = 0;` },
  { name: 'unknown-name-asks-for-nothing', breaks: 21, file: 'libs/core/src/observe/requests.ts', find: `if (!fleet.models.has(request.model) && !isAllSeen(fleet)) fleet.unknownAskedAt = now.stamp;`, replace: `` },
  { name: 'unknown-name-asks-for-ever', breaks: 21, file: `${SCALING}/scaling.ts`, find: `unknownAskedAt !== null && now.stamp - unknownAskedAt < UNKNOWN_COUNTS ? 1 : 0`, replace: `unknownAskedAt !== null ? 1 : 0` },
  { name: 'hour-of-a-minute', breaks: 21, file: `${SCALING}/want-history.ts`, find: `const HOUR: Millis = 60 * ONE_MINUTE;`, replace: `const HOUR: Millis = ONE_MINUTE;` },
  { name: 'last-want-of-a-minute', breaks: 21, file: `${SCALING}/want-history.ts`, find: `if (servers <= last.servers) return kept;`, replace: `` },
  { name: 'history-without-end', breaks: 21, file: `${SCALING}/want-history.ts`, find: `if (!last || now - last.from >= ONE_MINUTE) return`, replace: `if (!last || now > last.from) return` },
  { name: 'needed-elsewhere-and-free-to-remove', breaks: 21, file: `${SCALING}/removal.ts`, find: `< need.least;`, replace: `< 0;` },
  { name: 'removed-though-nothing-else-has-room', breaks: 21, file: `${SCALING}/removal.ts`, find: `if (!fitsWithout(server)) return 'no_room';`, replace: `` },
  { name: 'dearest-removal-first', breaks: 21, file: `${SCALING}/removal.ts`, find: `a.cost - b.cost ||`, replace: `b.cost - a.cost ||` },
];
