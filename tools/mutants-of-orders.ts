import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';

/** Bugs of what is not to be ordered beside what a server is at work on, and of what a look that told nothing or too much makes of a server. */
// prettier-ignore
export const OF_ORDERS: readonly Mutant[] = [
  { name: 'late-load-not-kept-free', breaks: 3, file: `${CORE}/observe/orders.ts`, find: `const isElsewhere = devices.length > 0 &&`, replace: `const isElsewhere = devices.length < 0 &&` },
  { name: 'leaves-before-there-is-room-for-more', breaks: 7, file: `${CORE}/placement/retire.ts`, find: `&& hasRoomAnew(fleet, replica, now)) return 'admin';`, replace: `) return 'admin';` },
  { name: 'loaded-anew-again-and-again', breaks: 19, file: `${CORE}/room/sites.ts`, find: `copy.devices.length + more.length > tried`, replace: `tried >= 0 && more.length > 0` },
  { name: 'loaded-anew-beside-a-lost-server', breaks: 7, file: `${CORE}/room/sites.ts`, find: `return fit === 'fits' || fit === 'unseen';`, replace: `return fit === 'unseen';` },
  { name: 'loaded-anew-by-demand', breaks: 7, file: `${CORE}/room/sites.ts`, find: `copies > 1 && !isExtra && lacking > 0;`, replace: `copies > 1 && lacking > 0;` },
  { name: 'load-beside-its-family', breaks: 5, file: `${CORE}/loading/in-work.ts`, find: `inWork.isOnFamily(replica) || isAfterUnload`, replace: `isAfterUnload` },
  { name: 'unload-beside-its-family', breaks: 5, file: `${CORE}/placement/retire.ts`, find: `if (inWork.isOnFamily(replica) || `, replace: `if (` },
  { name: 'unloads-all-at-once', breaks: 6, file: `${CORE}/placement/retire.ts`, find: `inWork.unloadsOn(replica.server) >= mostAt(replica.server)`, replace: `inWork.unloadsOn(replica.server) < 0` },
  { name: 'many-orders-beside-an-ensemble', breaks: 6, file: `${CORE}/fleet/standing.ts`, find: `hasEnsemble ? Math.min(BESIDE_ENSEMBLES, limits.loadsPerServer)`, replace: `hasEnsemble ? Math.max(BESIDE_ENSEMBLES, limits.loadsPerServer)` },
  { name: 'unload-is-over-with-its-answer', breaks: 5, file: `${CORE}/loading/in-work.ts`, find: `return replica.absentSince === null;`, replace: `return replica.phase === 'unknown' && replica.absentSince === null;` },
  { name: 'what-is-stuck-keeps-others-waiting', breaks: 19, file: `${CORE}/loading/in-work.ts`, find: `isUnderOrder(replica) && !isStuck(fleet, replica, now);`, replace: `isUnderOrder(replica) && (now.stamp < 0 || !isStuck(fleet, replica, 0));` },
  { name: 'loads-keep-what-drained-waiting', breaks: 19, file: `${CORE}/loading/in-work.ts`, find: ` || isAfterUnload(fleet, replica, now) ||`, replace: ` ||` },
  { name: 'load-beside-a-pending-config', breaks: 5, file: `${CORE}/loading/start.ts`, find: ` || isBesidePending(fleet, replica, now)) continue;`, replace: `) continue;` },
  { name: 'load-beside-an-unload-not-answered', breaks: 5, file: `${CORE}/loading/in-work.ts`, find: `.some(isUnanswered));`, replace: `.some(isUnanswered) === null);` },
  { name: 'pending-loads-pass-what-drained', breaks: 19, file: `${CORE}/loading/in-work.ts`, find: `return isOfAnyFamily(fleet, replica) || drained.some`, replace: `return drained.some` },
  { name: 'plain-model-pending-for-ever', breaks: 5, file: `${CORE}/memory/pending.ts`, find: `return steps.has(id) || `, replace: `return (steps.get(id)?.length ?? 0) > 0 || ` },
  { name: 'steps-of-an-unanswered-load-are-strangers', breaks: 7, file: `${CORE}/memory/pending.ts`, find: `return loadBounds(fleet, replica)?.overdueAt ?? -Infinity;`, replace: `return -Infinity;` },
  { name: 'pending-as-long-as-stuck', breaks: 7, file: `${CORE}/memory/pending.ts`, find: `return loadBounds(fleet, replica)?.overdueAt ?? -Infinity;`, replace: `return (loadBounds(fleet, replica)?.overdueAt ?? -Infinity) + fleet.limits.stuckAfter;` },
  { name: 'steps-of-a-failed-load-are-strangers', breaks: 7, file: `${CORE}/observe/orders.ts`, find: `  keepSteps(fleet, replica);\n`, replace: `` },
  { name: 'what-a-config-does-not-name-is-ours', breaks: 7, file: `${CORE}/observe/orders.ts`, find: `cameWith(fleet, one).length === 0) put(`, replace: `cameWith(fleet, one).length > 9) put(` },
  { name: 'warm-up-is-a-use', breaks: 9, file: `${CORE}/observe/pulse.ts`, find: `(!isNew && isUsed(replica.pulse!, counts))`, replace: `(isNew || isUsed(replica.pulse!, counts))` },
  { name: 'queue-of-a-hidden-copy-is-a-use', breaks: 9, file: `${CORE}/observe/pulse.ts`, find: `hidden.length === 0`, replace: `hidden.length >= 0` },
  { name: 'what-could-not-be-told-makes-stale', breaks: 14, file: `${CORE}/observe/contact.ts`, find: `if (why === 'not_now' && !now.has(`, replace: `if (why === 'not_now' && now.stamp < 0 * (` },
  { name: 'unload-where-none-can-follow', breaks: 14, file: `${CORE}/observe/requests.ts`, find: ` && !isLeftAlone(fleet.servers.get(replica.server)!)`, replace: `` },
  { name: 'reload-waits-for-what-stays-away', breaks: 19, file: `${CORE}/placement/reload.ts`, find: `return standingOf(server, now) === 'connecting' || isAboutToTakeLoads(server, now);`, replace: `return server.contact.kind === 'down' || (standingOf(server, now) !== 'ready' && !server.looked);` },
  { name: 'reload-waits-where-no-order-is-taken', breaks: 19, file: `${CORE}/placement/reload.ts`, find: `server.drain === null && !isLeftAlone(server) &&`, replace: `server.drain === null &&` },
  { name: 'unanswered-config-taken-as-read', breaks: 3, file: `${CORE}/observe/looked.ts`, find: `!server.configs.has(model) || state === 'asked'`, replace: `!server.configs.has(model)` },
  { name: 'look-beside-the-one-that-waited', breaks: 14, file: `${CORE}/observe/contact.ts`, find: `server.mode = null;\n  server.fullEndedAt = null;`, replace: `server.mode = null;\n  server.looking = null;\n  server.fullEndedAt = null;` },
  { name: 'look-over-a-closed-connection-awaited', breaks: 14, file: `${CORE}/observe/contact.ts`, find: `server.looking = null;\n  if (contact.kind === 'connecting') return;`, replace: `if (contact.kind === 'connecting') return;` },
  { name: 'config-of-a-fresh-copy-not-read', breaks: 3, file: `${CORE}/observe/pulse.ts`, find: `if (isNew && replica.pulse !== null) readAnew(fleet, replica);`, replace: `` },
  { name: 'ensemble-taken-for-a-step-of-its-step', breaks: 19, file: `${CORE}/memory/footprint.ts`, find: `!dependenciesOf(fleet, model).includes(one.model)`, replace: `!dependenciesOf(fleet, model).includes(model)` },
  { name: 'unanswered-order-settled-by-one-look', breaks: 5, file: `${CORE}/observe/sighted-unknown.ts`, find: `(since ?? Infinity) + APART`, replace: `(since ?? Infinity)` },
  { name: 'order-over-a-broken-connection-settled-early', breaks: 5, file: `${CORE}/looks/unseen.ts`, find: `looksCountFrom <= sent.orderedAt`, replace: `looksCountFrom < Infinity` },
];
