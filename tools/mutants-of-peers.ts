import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';
const ENGINE = 'libs/engine/src';

/** Bugs of several processes of which one leads: of holds, terms, watchers of routes, and the election. */
// prettier-ignore
export const OF_PEERS: readonly Mutant[] = [
  // Orders.
  { name: 'unsent-order-counts-as-failed', breaks: 10, file: `${ENGINE}/actuator.ts`, find: `if (error instanceof OrderUnsent) return { kind: 'unsent' };`, replace: `if (error instanceof OrderUnsent) return { kind: 'failed', cause: 'transient' };` },
  { name: 'asked-before-the-write-alone', breaks: 11, file: `${ENGINE}/actuator.ts`, find: `      this.beginToSend(order);\n      return link.to.load(`, replace: `      return link.to.load(` },
  { name: 'unload-sent-without-leading', breaks: 11, file: `${ENGINE}/actuator.ts`, find: `      this.beginToSend(order);\n      await link.to.unload(`, replace: `      await link.to.unload(` },
  { name: 'mode-probed-by-who-does-not-lead', breaks: 11, file: `${ENGINE}/actuator.ts`, find: `order.probeMode && this.parts.leadership.mayAct()`, replace: `order.probeMode` },
  { name: 'hold-that-no-turn-hears-of', breaks: 11, file: `${ENGINE}/holds.ts`, find: `now.OrdersHeld === held ? []`, replace: `now.OrdersHeld !== held || held === held ? []` },
  { name: 'loads-sent-while-the-store-fails', breaks: 17, file: `${CORE}/step.ts`, find: `const loads = fleet.loadsHeld ? [] : startPlaced(`, replace: `const loads = startPlaced(` },
  { name: 'copies-evicted-for-what-cannot-be-stored', breaks: 8, file: `${CORE}/placement/book.ts`, find: `if (areLoadsStopped(fleet) ||`, replace: `if (fleet.frozen || fleet.held ||` },
  { name: 'hold-that-ends-and-nobody-wakes', breaks: 19, file: `${ENGINE}/engine.ts`, find: `for (const one of [parts.leadership, parts.store]) one.follow(`, replace: `for (const one of [parts.store]) one.follow(` },
  { name: 'held-and-orders', breaks: 11, file: `${CORE}/fleet/standing.ts`, find: `frozen !== null || held;`, replace: `frozen !== null;` },
  { name: 'held-and-told-that-it-loads', breaks: 13, file: `${CORE}/answers/refuse.ts`, find: `if (held) return 'no_leader';`, replace: `` },
  { name: 'hold-and-freeze-counted-twice', breaks: 17, file: `${CORE}/observe/freezes.ts`, find: `if (since === null || areLoadsStopped(fleet)) return;\n  fleet.stoppedAt = null;`, replace: `if (since === null) return;` },
  { name: 'unsent-load-holds-its-memory', breaks: 2, file: `${CORE}/observe/orders.ts`, find: `put(fleet, becomePlaced(one, one, now))`, replace: `void one` },
  { name: 'unsent-unload-taken-for-sent', breaks: 2, file: `${CORE}/observe/orders.ts`, find: `return drainAgain(fleet, replica, now);`, replace: `return;` },
  // Terms.
  { name: 'one-look-after-a-crash', breaks: 11, file: `${CORE}/fleet/standing.ts`, find: `=> secondLookFrom !== null || mode === null;`, replace: `=> mode === null;` },
  { name: 'second-look-at-once', breaks: 11, file: `${CORE}/observe/looked.ts`, find: `const LOOKS_APART: Millis = 1_000;`, replace: `const LOOKS_APART: Millis = 0;` },
  { name: 'second-look-is-not-asked-for', breaks: 19, file: `${CORE}/observe/looked.ts`, find: `  server.lookWanted = Math.max(server.lookWanted ?? -Infinity, server.secondLookFrom);\n`, replace: `` },
  // Watchers of routes.
  { name: 'no-acknowledgement', breaks: 7, file: `${CORE}/placement/retire.ts`, find: `if (replica.withdrawnIn > acknowledged) continue;`, replace: `if (replica.withdrawnIn > acknowledged + 1e9) continue;` },
  { name: 'force-waits-for-no-watcher', breaks: 7, file: `${CORE}/observe/requests.ts`, find: `put(fleet, { ...draining, inUseUntil: now.stamp, isForced: true });`, replace: `put(fleet, { ...draining, inUseUntil: now.stamp, isForced: true, withdrawnIn: 0 });` },
  { name: 'forced-unload-waits-for-leases-of-watchers', breaks: 19, file: `${CORE}/observe/requests.ts`, find: `(replica.phase !== 'draining' || replica.isForced)`, replace: `replica.phase !== 'draining'` },
  { name: 'silent-watcher-waited-for-for-ever', breaks: 19, file: `${CORE}/learned/watchers.ts`, find: `if (!isSilent(one, now)) acknowledged = `, replace: `acknowledged = ` },
  { name: 'new-watcher-has-the-latest-table', breaks: 7, file: `${CORE}/observe/watchers.ts`, find: `const NO_REVISION = -1;`, replace: `const NO_REVISION = 1e9;` },
  { name: 'watchers-of-the-term-before-forgotten', breaks: 7, file: `${CORE}/observe/watchers.ts`, find: `else if (hasRoom(watchers, now)) watchers.set(`, replace: `else if (heardAt === now.stamp) watchers.set(` },
  { name: 'watchers-without-a-bound', breaks: 15, file: `${CORE}/observe/watchers.ts`, find: `  return watchers.size < MAX_WATCHERS;`, replace: `  return true;` },
  { name: 'silence-wakes-nobody', breaks: 19, file: `${CORE}/learned/watchers.ts`, find: `now.has(heardAt + patience);`, replace: `heardAt + patience <= now.stamp;` },
  { name: 'memory-of-the-silent-promised-soon', breaks: 16, file: `${CORE}/learned/watchers.ts`, find: `const isLate = now.has(`, replace: `const isLate = now.stamp < 0 && now.has(` },
  { name: 'versions-change-in-silence', breaks: 14, file: `${CORE}/fleet/fleet.ts`, find: `!isSameList(before.versions, after.versions) ||`, replace: `` },
  { name: 'devices-change-in-silence', breaks: 14, file: `${CORE}/fleet/fleet.ts`, find: `!isSameList(before.devices, after.devices) ||`, replace: `` },
  { name: 'failing-in-silence', breaks: 14, file: `${CORE}/fleet/fleet.ts`, find: `isFailing(before) !== isFailing(after) ||`, replace: `` },
  { name: 'disabled-in-silence', breaks: 14, file: `${CORE}/fleet/fleet.ts`, find: `  noteEnabled(fleet, model.id, model.enabled);\n`, replace: `` },
  { name: 'drain-ends-leases-in-silence', breaks: 14, file: `${CORE}/observe/servers.ts`, find: `if (before !== (drain?.deadline ?? null)) noteRoutesOn`, replace: `if (before !== before) noteRoutesOn` },
  // The election.
  { name: 'unconfirmed-lease-counts', breaks: 11, file: `${ENGINE}/election.ts`, find: `    if (!isConfirmed) throw new Error(UNCONFIRMED);\n`, replace: `` },
  { name: 'unconfirmed-renewal-counts', breaks: 11, file: `${ENGINE}/election.ts`, find: `    if (renewed === 'unconfirmed') throw new Error(UNCONFIRMED);\n`, replace: `` },
  { name: 'given-back-though-it-sends', breaks: 11, file: `${ENGINE}/actuator.ts`, find: `sends === 'unsent' || (sends === 'none' && (`, replace: `sends !== 'none' || ((` },
  { name: 'release-asked-for-once', breaks: 11, file: `${ENGINE}/election.ts`, find: `if (this.givenBack !== null) await this.keeper.release(this.givenBack);\n      this.givenBack = null;`, replace: `const lease = this.givenBack;\n      this.givenBack = null;\n      if (lease !== null) await this.keeper.release(lease);` },
  { name: 'refused-write-carried-out-later', breaks: 12, file: 'libs/store-redis/src/scripts/write.ts', find: `if now > tonumber(ARGV[1]) then return {now, 'late'} end\n`, replace: `` },
  { name: 'refused-write-found-and-kept-silent', breaks: 12, file: 'libs/store-redis/src/redis-rows.ts', find: `    if (this.isAnyRefused) throw this.found();\n`, replace: `` },
];
