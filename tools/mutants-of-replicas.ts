import type { Mutant } from './mutants.js';

const ENGINE = 'libs/engine/src';
const REDIS = 'libs/redis/src';
const SCHEDULER = 'apps/scheduler/src';

/** Bugs of several processes on one Redis: of its scripts, the election, tables of routes, and what is written again. */
// prettier-ignore
export const OF_REPLICAS: readonly Mutant[] = [
  // The lease in Redis.
  { name: 'late-renewal-carried-out', breaks: 11, file: `${REDIS}/scripts/renew.ts`, find: `if now > tonumber(ARGV[1]) then return {now, 'late'} end`, replace: `` },
  { name: 'late-acquisition-carried-out', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `if now > tonumber(ARGV[1]) then return {now, 'late'} end`, replace: `` },
  { name: 'term-counted-up', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1, time[1] * 1000000 + time[2])`, replace: `math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1)` },
  { name: 'term-counted-up-without-a-floor', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1, time[1] * 1000000 + time[2])`, replace: `tonumber(term) + 1` },
  { name: 'term-without-a-floor', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `tonumber(ARGV[5]) + 1, time`, replace: `time` },
  { name: 'term-by-the-clock-alone', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `math.max(tonumber(term) + 1, tonumber(ARGV[5]) + 1, time[1] * 1000000 + time[2])`, replace: `time[1] * 1000000 + time[2]` },
  { name: 'taken-lease-taken-again', breaks: 11, file: `${REDIS}/scripts/acquire.ts`, find: `if lease ~= ARGV[2] or term ~= ARGV[3] or released ~= ARGV[4] then return {now, 'taken'} end`, replace: `` },
  { name: 'lease-of-another-renewed', breaks: 11, file: `${REDIS}/scripts/renew.ts`, find: `if isOthers or term > tonumber(ARGV[2]) or released >= tonumber(ARGV[2]) then`, replace: `if released >= tonumber(ARGV[2]) then` },
  { name: 'released-lease-renewed', breaks: 11, file: `${REDIS}/scripts/renew.ts`, find: ` or released >= tonumber(ARGV[2]) then`, replace: ` then` },
  { name: 'released-without-a-note', breaks: 19, file: `${REDIS}/scripts/release.ts`, find: `redis.call('HSET', KEYS[1], 'released', ARGV[1])`, replace: `` },
  { name: 'every-lease-is-confirmed', breaks: 11, file: `${REDIS}/redis-lease.ts`, find: `return isConfirmed ? 'confirmed' : 'unconfirmed';`, replace: `return isConfirmed ? 'confirmed' : 'confirmed';` },
  { name: 'replicas-that-are-away-confirm', breaks: 11, file: `${REDIS}/redis-lease.ts`, find: `lags.filter((lag) => lag <= MOST_LAG_S).length >= this.confirm`, replace: `lags.length >= 0` },
  // The election.
  { name: 'renewal-counts-from-its-answer', breaks: 11, file: `${ENGINE}/election.ts`, find: `leading.renewed(sentAt);`, replace: `leading.renewed(this.clock.now());` },
  { name: 'acquisition-counts-from-its-answer', breaks: 11, file: `${ENGINE}/election.ts`, find: `new LeadingTerm(this.clock, this.profile, lease, sentAt);`, replace: `new LeadingTerm(this.clock, this.profile, lease, this.clock.now());` },
  { name: 'silence-counts-while-the-store-is-away', breaks: 19, file: `${ENGINE}/lease-watch.ts`, find: `  misses(): void {\n    this.readAt = null;`, replace: `  misses(): void {\n    void this.readAt;` },
  { name: 'silence-counts-without-replicas', breaks: 19, file: `${ENGINE}/lease-watch.ts`, find: `else this.misses();`, replace: `else this.readAt = askedAt;` },
  { name: 'silent-for-half-a-lease', breaks: 11, file: `${ENGINE}/lease-watch.ts`, find: `return this.silentFor >= this.profile.lease ?`, replace: `return this.silentFor >= this.profile.lease / 2 ?` },
  { name: 'old-term-leads-on', breaks: 11, file: `${ENGINE}/election.ts`, find: `if (lease.term <= this.floor) return;`, replace: `` },
  { name: 'never-held', breaks: 11, file: `${ENGINE}/leading-term.ts`, find: `now >= this.heldFrom || this.renewedAt`, replace: `this.renewedAt` },
  { name: 'lost-lease-kept', breaks: 11, file: `${ENGINE}/election.ts`, find: `if (renewed === 'lost') return this.depose();`, replace: `` },
  // Rows in Redis.
  { name: 'rows-of-an-older-term-taken', breaks: 17, file: `${REDIS}/scripts/write.ts`, find: `if tonumber(term) > tonumber(ARGV[1]) then return {'term', term} end`, replace: `` },
  { name: 'lost-writes-not-noticed', breaks: 17, file: `${REDIS}/scripts/write.ts`, find: `if last ~= ARGV[2] then return {'other', redis.call('HGET', KEYS[1], 'writes') or '0', last} end`, replace: `` },
  { name: 'lost-rows-not-written-again', breaks: 17, file: `${REDIS}/redis-rows.ts`, find: `[...this.copy.rows(), ...batch]`, replace: `[...batch]` },
  { name: 'rows-of-a-stale-master', breaks: 17, file: `${REDIS}/redis-rows.ts`, find: `if (stored < this.term) {`, replace: `if (stored < 0) {` },
  { name: 'write-in-doubt-forgotten', breaks: 17, file: `${REDIS}/redis-rows.ts`, find: `if (stored <= this.writes || !isOwn(last, this.term)) return`, replace: `if (stored >= 0) return` },
  { name: 'every-write-is-durable', breaks: 17, file: `${REDIS}/redis-rows.ts`, find: `return { durable: isConfirmed };`, replace: `return { durable: isConfirmed || true };` },
  { name: 'replay-is-always-durable', breaks: 17, file: `${SCHEDULER}/writes/writes.ts`, find: `this.isUnsure = !durable;`, replace: `this.isUnsure = false;` },
  { name: 'answer-not-stored-with-its-write', breaks: 18, file: `${SCHEDULER}/writes/writes.ts`, find: `this.keep([...changes, ...records, ...answer])`, replace: `this.keep([...changes, ...records, ...answer.slice(1)])` },
  { name: 'long-leases-not-written', breaks: 7, file: `${ENGINE}/lease-book.ts`, find: `this.dueAt = Math.min(this.dueAt, now + WRITTEN_WITHIN);`, replace: `` },
  // Tables of routes.
  { name: 'table-that-is-never-out-of-date', breaks: 14, file: `${SCHEDULER}/following/route-table.ts`, find: `return this.age > this.parts.bound;`, replace: `return false;` },
  { name: 'event-dated-when-it-came', breaks: 7, file: `${SCHEDULER}/following/leader-talk.ts`, find: `this.table.take(event, this.heardAt);`, replace: `this.table.take(event, now);` },
  { name: 'withdrawn-rows-stay', breaks: 14, file: `${SCHEDULER}/following/route-table.ts`, find: `for (const { model, server } of event.gone) this.drop(replicaId(model, server));`, replace: `` },
  { name: 'rows-before-a-snapshot-stay', breaks: 14, file: `${SCHEDULER}/following/route-table.ts`, find: `else this.drop(id);`, replace: `` },
  { name: 'open-leases-not-repeated', breaks: 7, file: `${SCHEDULER}/following/leader-talk.ts`, find: `isRepeat ? 'all' : gone`, replace: `gone` },
  { name: 'uses-not-reported', breaks: 7, file: `${SCHEDULER}/following/route-table.ts`, find: `this.uses.note(row, now, now + lease);`, replace: `` },
  { name: 'leases-of-a-leader-not-handed-over', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `own.table.uses.note(one, now, one.inUseUntil, 0);`, replace: `void own;` },
  { name: 'peers-of-before-not-waited-for', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `if (name !== peers.name) this.desk.remember(`, replace: `if (name === peers.name) this.desk.remember(` },
  { name: 'peer-watches-before-it-is-stored', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `if (peers === null || this.stored.has(name)) return;`, replace: `if (peers !== null) return;` },
  { name: 'silent-peer-waited-for-a-moment', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `patience: own.bound + LONGEST_PEER_LEASE,`, replace: `patience: LONGEST_PEER_LEASE,` },
  { name: 'peer-that-came-back-counts-at-once', breaks: 7, file: `${SCHEDULER}/watching/peer-desk.ts`, find: `if (have !== null) return before.countsFrom;`, replace: `return before.countsFrom;` },
  { name: 'acknowledged-before-it-was-taken', breaks: 7, file: `${SCHEDULER}/watching/peer-desk.ts`, find: `Math.min(version.sequence, line?.taken ?? -1)`, replace: `Math.max(version.sequence, line?.taken ?? -1)` },
  { name: 'acknowledged-for-the-term-before', breaks: 7, file: `${SCHEDULER}/watching/peer-desk.ts`, find: `version.term === this.parts.term && now`, replace: `now` },
  { name: 'gateways-not-waited-for', breaks: 7, file: `${SCHEDULER}/watching/gateway-desk.ts`, find: `if (!line.isOver(now)) settled`, replace: `if (now < 0) settled` },
  { name: 'gateway-that-has-gone-not-waited-for', breaks: 7, file: `${SCHEDULER}/watching/gateway-desk.ts`, find: `if (!line.isOpen && line.isOver(now)) this.lines.delete(line);`, replace: `if (!line.isOpen) this.lines.delete(line);` },
  { name: 'gateways-of-the-leader-not-waited-for', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `if (term >= leadership.term) this.tell({`, replace: `this.tell({` },
  { name: 'gateways-of-a-peer-not-waited-for', breaks: 7, file: `${SCHEDULER}/following/leader-talk.ts`, find: `version: earlier(table.version, this.settled())`, replace: `version: table.version` },
  { name: 'stale-route-by-an-old-look', breaks: 14, file: `${SCHEDULER}/following/stale-looks.ts`, find: `this.parts.clock.now() - one.shownAt <= LOOK_GOOD_FOR &&`, replace: `` },
  { name: 'stale-route-without-a-look', breaks: 14, file: `${SCHEDULER}/following/route-table.ts`, find: `!this.isOutOfDate || this.parts.isShown(model, server)`, replace: `model.length + server.length > 0` },
  { name: 'leader-vouches-for-ever', breaks: 14, file: `${SCHEDULER}/watching/watching.ts`, find: `if (leadership.renewedAgo() > own.bound) return undefined;`, replace: `` },
  { name: 'long-lease-of-a-held-leader', breaks: 7, file: `${SCHEDULER}/watching/watching.ts`, find: `lease === route.lease || leadership.mayAct() ? route`, replace: `lease <= route.lease ? route` },
];
