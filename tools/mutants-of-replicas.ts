import type { Mutant } from './mutants.js';

const ENGINE = 'libs/engine/src';
const REDIS = 'libs/store-redis/src';
const SCHEDULER = 'apps/scheduler/src';

/** Bugs of several processes on one Redis: of its scripts, the election, tables of routes, and what is written again. */
// prettier-ignore
export const OF_REPLICAS: readonly Mutant[] = [
  // The lease in Redis.
  { name: 'term-counted-up-without-a-floor', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1, time[1] * 1000000 + time[2])`, replace: `tonumber(term) + 1` },
  { name: 'lease-of-another-renewed', breaks: 11, file: `${REDIS}/scripts/renew.ts`, find: `if isOthers or term > tonumber(ARGV[2]) or released >= tonumber(ARGV[2]) then`, replace: `if released >= tonumber(ARGV[2]) then` },
  // The election.
  { name: 'renewal-counts-from-its-answer', breaks: 11, file: `${ENGINE}/election.ts`, find: `leading.renewed(sentAt);`, replace: `leading.renewed(this.clock.now());` },
  { name: 'silence-counts-while-the-store-is-away', breaks: 19, file: `${ENGINE}/lease-watch.ts`, find: `  misses(): void {\n    this.readAt = null;`, replace: `  misses(): void {\n    void this.readAt;` },
  { name: 'silence-counts-without-replicas', breaks: 19, file: `${ENGINE}/lease-watch.ts`, find: `else this.misses();`, replace: `else this.readAt = askedAt;` },
  { name: 'silent-for-half-a-lease', breaks: 11, file: `${ENGINE}/lease-watch.ts`, find: `return this.silentFor >= this.profile.lease ?`, replace: `return this.silentFor >= this.profile.lease / 2 ?` },
  { name: 'never-held', breaks: 11, file: `${ENGINE}/leading-term.ts`, find: `return now >= this.heldFrom;`, replace: `return now < this.renewedAt;` },
  { name: 'lost-lease-kept', breaks: 11, file: `${ENGINE}/election.ts`, find: `if (renewed === 'lost') return this.stepDown();`, replace: `` },
  // Rows in Redis.
  { name: 'every-write-is-durable', breaks: 17, file: `${REDIS}/redis-rows.ts`, find: `return { durable: isConfirmed };`, replace: `return { durable: isConfirmed || true };` },
  // Tables of routes.
  { name: 'table-that-is-never-out-of-date', breaks: 14, file: `${SCHEDULER}/cluster/replication/route-table.ts`, find: `return this.age > this.parts.bound;`, replace: `return false;` },
  { name: 'uses-not-reported', breaks: 7, file: `${SCHEDULER}/cluster/replication/route-table.ts`, find: `this.uses.note(row, now, now + lease);`, replace: `` },
  { name: 'gateways-not-waited-for', breaks: 7, file: `${SCHEDULER}/cluster/replication/gateway-subscriptions.ts`, find: `if (!line.isOver(now)) settled`, replace: `if (now < 0) settled` },
  { name: 'stale-route-without-a-look', breaks: 14, file: `${SCHEDULER}/cluster/replication/route-table.ts`, find: `!this.isOutOfDate || this.parts.isShown(model, server)`, replace: `model.length + server.length > 0` },
];
