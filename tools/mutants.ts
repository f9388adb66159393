/** One bug, as it could creep in: in `file` the only `find` becomes `replace`, and promise `breaks` is broken. */
export interface Mutant {
  readonly name: string;
  /** The number in docs/architecture.md, "What must never happen". */
  readonly breaks: number;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One of these is played in every `npm run check`: if the tests no longer find it, they find nothing. */
export const CANARY = 'release-on-acknowledgement';

const CORE = 'libs/core/src';
const PASSES = `${CORE}/passes`;
const OBSERVE = `${CORE}/observe`;
const ENGINE = 'libs/engine/src';

/**
 * Bugs of the core and the engine that our tests must find (`npm run mutants`). One line each, so that the list can be
 * read; none is equivalent to the code as it is. A rule that is worth a comment in the core is worth a line here.
 */
// prettier-ignore
export const MUTANTS: readonly Mutant[] = [
  // Memory: what is held, promised and leaving.
  { name: 'release-on-acknowledgement', breaks: 2, file: `${OBSERVE}/orders.ts`, find: `put(fleet, { ...replica, answeredAt: now });`, replace: `put(fleet, { ...replica, answeredAt: now, bookings: [] });` },
  { name: 'promise-forgotten', breaks: 1, file: `${CORE}/ledger.ts`, find: `if (replica.phase === 'placed') this.reserve(replica.bookings);`, replace: `if (replica.phase === 'placed') return;` },
  { name: 'change-not-booked', breaks: 3, file: `${CORE}/ledger.ts`, find: `if (replica.change.order) this.hold(replica.change.bookings);`, replace: `if (replica.change.order) return;` },
  { name: 'hidden-copy-not-booked', breaks: 3, file: `${CORE}/ledger.ts`, find: `for (const { bookings } of hidden) this.hold(bookings);`, replace: `if (hidden === undefined) return;` },
  { name: 'host-memory-not-booked', breaks: 3, file: `${CORE}/footprint.ts`, find: `return [...gpus.map(({ account }) => ({ account, bytes })), host];`, replace: `return gpus.map(({ account }) => ({ account, bytes }));` },
  { name: 'foreign-memory-ignored', breaks: 3, file: `${CORE}/ledger.ts`, find: `const taken = kind === 'gpu' ? takenByOthers(server, ordinal) : 0;`, replace: `const taken = kind === 'gpu' ? 0 * ordinal : 0;` },
  { name: 'loaded-into-what-nobody-has-measured', breaks: 3, file: `${CORE}/ledger.ts`, find: `if (device) doubtful += perhapsTaken(server, device) ?? 0;`, replace: `if (device) doubtful += 0;` },
  { name: 'what-only-just-came-explains-use', breaks: 3, file: `${OBSERVE}/measure.ts`, find: `one.phase === 'ready' && one.change === null && begunAt >= one.since + 2 * METRICS_INTERVAL;`, replace: `one.phase === 'ready' && one.change === null && begunAt >= one.since;` },
  { name: 'gpus-out-of-sight-are-gone', breaks: 2, file: `${OBSERVE}/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since || !isBooked(` },
  { name: 'gpus-that-hold-something-are-gone', breaks: 2, file: `${OBSERVE}/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since + STEADY || !isBooked(` },
  { name: 'unread-gpu-believed-empty', breaks: 3, file: `${OBSERVE}/devices.ts`, find: `saysItsSize(gpu) && gpu.used <= gpu.memory;`, replace: `gpu.used <= gpu.memory;` },
  { name: 'measured-while-others-move', breaks: 3, file: `${OBSERVE}/measure.ts`, find: `if (endsAt !== meter.moves || `, replace: `if (endsAt === null || ` },
  { name: 'measured-where-it-is-no-more', breaks: 7, file: `${CORE}/fleet.ts`, find: `if (before && before.devices !== replica.devices) forgetLeft(server, replica);`, replace: `` },
  { name: 'residue-forgotten', breaks: 3, file: `${OBSERVE}/measure.ts`, find: `if (meter.release!.endsAt === meter.moves) meter.residue += missing ?? 0;`, replace: `` },
  { name: 'measured-above-its-limit-and-not-booked', breaks: 3, file: `${CORE}/footprint.ts`, find: `if (peak > told) return { bytes: peak, basis: 'measured' };`, replace: `` },
  { name: 'load-before-memory-is-free', breaks: 1, file: `${PASSES}/start.ts`, find: `ledger.fitsFree(bookings) &&`, replace: `` },
  { name: 'unknown-load-taken-as-failed', breaks: 2, file: `${OBSERVE}/orders.ts`, find: `outcome.kind === 'failed' ? 'load_failed' : 'load'`, replace: `'load_failed'` },
  { name: 'unsettled-time-nil', breaks: 2, file: `${OBSERVE}/sighted.ts`, find: `const UNSETTLED: Millis = 5_000;`, replace: `const UNSETTLED: Millis = 0;` },
  { name: 'absence-believed-in-one-look', breaks: 2, file: `${OBSERVE}/sighted.ts`, find: `const enough = proven ? APART :`, replace: `const enough = proven ? 0 :` },
  { name: 'look-before-the-answer-believed', breaks: 2, file: `${OBSERVE}/sighted.ts`, find: `if (answeredAt === null || begunAt <= answeredAt) return;`, replace: `if (answeredAt === null) return;` },
  { name: 'absence-before-the-answer-believed', breaks: 2, file: `${OBSERVE}/sighted.ts`, find: `if (answeredAt === null || begunAt <= answeredAt) return;`, replace: `if (answeredAt === null && sighting.kind === 'gone') return end(fleet, replica, now); if (answeredAt === null || begunAt <= answeredAt) return;` },
  { name: 'incarnation-keeps-bookings', breaks: 17, file: `${OBSERVE}/looked.ts`, find: `if (replica.phase !== 'placed') endByDeath(fleet, replica, now);`, replace: `if (replica.phase === 'placed') put(fleet, replica);` },
  { name: 'restart-not-noticed', breaks: 17, file: `${OBSERVE}/looked.ts`, find: `if (server.incarnation === 0 || (!server.looked && server.refused)) return true;`, replace: `if (server.incarnation > 0) return false; else return true;` },
  { name: 'look-of-a-dead-connection-believed', breaks: 14, file: `${OBSERVE}/looked.ts`, find: `if (isStale(server, look)) return;`, replace: `if (server.contact.kind === 'connecting') return;` },
  // Orders: which, where, when.
  { name: 'second-load-after-a-timeout', breaks: 5, file: `${PASSES}/places.ts`, find: `if (fleet.replicas.has(replicaId(model.id, server.spec.id))) return [];`, replace: `const there = fleet.replicas.get(replicaId(model.id, server.spec.id)); if (there && there.phase !== 'unknown') return [];` },
  { name: 'loads-per-server-ignored', breaks: 6, file: `${PASSES}/start.ts`, find: `if ((this.servers.get(server) ?? 0) >= loadsPerServer) return false;`, replace: `if (loadsPerServer === 0) return false;` },
  { name: 'loads-per-device-ignored', breaks: 6, file: `${PASSES}/start.ts`, find: `(this.devices.get(\`\${server}/\${device}\`) ?? 0) < loadsPerDevice`, replace: `device >= 0 && loadsPerDevice > 0` },
  { name: 'slot-free-after-a-lost-answer', breaks: 6, file: `${PASSES}/start.ts`, find: `if (loadBegan(replica) === null || isCarried(replica)) continue;`, replace: `if (replica.phase === 'unknown' || loadBegan(replica) === null || isCarried(replica)) continue;` },
  { name: 'back-off-ignored', breaks: 10, file: `${PASSES}/place.ts`, find: `(coolingOn(fleet, server, model.id, now) ? [] : ways(fleet, server, model))`, replace: `(coolingOn(fleet, server, model.id, now) ? ways(fleet, server, model) : ways(fleet, server, model))` },
  { name: 'disabled-model-loaded', breaks: 12, file: `${PASSES}/claims.ts`, find: `if (!model?.enabled || claims.has(model.id)) return;`, replace: `if (!model || claims.has(model.id)) return;` },
  { name: 'orders-in-the-wrong-mode', breaks: 12, file: `${CORE}/standing.ts`, find: `if (mode === 'wrong_mode' || mode === 'restricted') return mode;`, replace: `if (mode === 'restricted') return mode;` },
  { name: 'orders-without-leadership', breaks: 11, file: `${ENGINE}/actuator.ts`, find: `this.attempt(order, mayAct ? link : undefined)`, replace: `this.attempt(order, mayAct ? link : link)` },
  { name: 'load-before-it-is-written-down', breaks: 17, file: `${ENGINE}/actuator.ts`, find: `await this.remember(server, [model, ...brings]);`, replace: `void this.remember(server, [model, ...brings]).catch(() => undefined);` },
  { name: 'unwritten-order-counts-as-written', breaks: 17, file: `${ENGINE}/notebook.ts`, find: `if (added.length === 0 && !this.unsure.has(server)) return;`, replace: `if (added.length === 0) return;` },
  // Who may go, and for whom.
  { name: 'pinned-while-it-drains', breaks: 7, file: `${PASSES}/take-back.ts`, find: `isPinProtected(fleet, ready) ||`, replace: `` },
  { name: 'evicts-both-of-two-copies', breaks: 7, file: `${PASSES}/victims.ts`, find: `isWrittenOff(fleet, one) || keepsEnough(fleet, one.model, going, want)`, replace: `isWrittenOff(fleet, one) || fleet.models.has(one.model)` },
  { name: 'moved-before-the-other-copy-is-ready', breaks: 7, file: `${PASSES}/moves.ts`, find: `if (fleet.replicas.get(to)?.phase !== 'ready') return { kind: 'asking' };`, replace: `if (!fleet.replicas.has(to)) return { kind: 'asking' };` },
  { name: 'move-that-lost-its-place-goes-on', breaks: 19, file: `${PASSES}/place.ts`, find: `endMoves(fleet, now);`, replace: `` },
  { name: 'move-outlives-its-place', breaks: 19, file: `${PASSES}/place.ts`, find: `if (isAnyDropped) dropUnwanted(fleet, now);`, replace: `` },
  { name: 'place-outlives-its-move', breaks: 19, file: `${PASSES}/place.ts`, find: `if (dropUnwanted(fleet, now)) ledger.reopen();`, replace: `` },
  { name: 'given-up-and-still-promised', breaks: 19, file: `${PASSES}/place.ts`, find: `if (dropUnwanted(fleet, now)) ledger.reopen();`, replace: `dropUnwanted(fleet, now);` },
  { name: 'moved-round-and-round', breaks: 7, file: `${CORE}/idle-rule.ts`, find: `const REST: Millis = 60_000;`, replace: `const REST: Millis = 0;` },
  { name: 'pin-forgotten-at-a-restart', breaks: 17, file: `${OBSERVE}/declared.ts`, find: `putModel(fleet, evenly(model));`, replace: `putModel(fleet, evenly(fleet.nextOrder > 1 ? model : { ...model, pinnedCopies: 0 }));` },
  { name: 'pins-retire', breaks: 7, file: `${PASSES}/idle.ts`, find: `if (at === null || isPinProtected(fleet, replica) ||`, replace: `if (at === null ||` },
  { name: 'kept-warm-retires', breaks: 7, file: `${PASSES}/idle.ts`, find: `isPinProtected(fleet, replica) || isGuaranteed(fleet, replica)) return null;`, replace: `isPinProtected(fleet, replica)) return null;` },
  { name: 'kept-warm-gives-way-to-anybody', breaks: 8, file: `${PASSES}/victims.ts`, find: `rankOf(settingsOf(fleet, replica).class) === rank && isGuaranteed(fleet, replica);`, replace: `rankOf(settingsOf(fleet, replica).class) > rank && isGuaranteed(fleet, replica);` },
  { name: 'copies-come-and-go', breaks: 9, file: `${CORE}/strain.ts`, find: `export const EASY_FOR: Millis = 300_000;`, replace: `export const EASY_FOR: Millis = 3_000;` },
  { name: 'copy-more-evicts-the-last-of-another', breaks: 8, file: `${PASSES}/victims.ts`, find: `want.isExtra ? 1 : 0`, replace: `want.isExtra ? 0 : 0` },
  { name: 'copy-more-starves', breaks: 8, file: `${PASSES}/victims.ts`, find: `!isExtra && now - since >= fleet.limits.starvation;`, replace: `(isExtra || !isExtra) && now - since >= fleet.limits.starvation;` },
  { name: 'copies-beyond-the-most', breaks: 9, file: `${PASSES}/copies.ts`, find: `if (strain.copies > present || present >= maxCopies) return;`, replace: `if (strain.copies > present || present >= maxCopies + 1) return;` },
  { name: 'lease-ignored', breaks: 7, file: `${PASSES}/retire.ts`, find: `if (replica.inUseUntil > now || !takesOrders(server, now)`, replace: `if (!takesOrders(server, now)` },
  { name: 'lease-shortened-by-the-next', breaks: 7, file: `${ENGINE}/uses.ts`, find: `if (inUseUntil > use.inUseUntil) use.inUseUntil = inUseUntil;`, replace: `use.inUseUntil = inUseUntil;` },
  { name: 'residency-ignored', breaks: 7, file: `${PASSES}/victims.ts`, find: `if (now < residentUntil(fleet, replica)) return false;`, replace: `if (now < replica.since) return false;` },
  { name: 'evicts-in-use-at-once', breaks: 7, file: `${PASSES}/victims.ts`, find: `now - since >= fleet.limits.starvation;`, replace: `now >= since;` },
  { name: 'starvation-bound-ignored', breaks: 19, file: `${PASSES}/victims.ts`, find: `now - since >= fleet.limits.starvation;`, replace: `now < since;` },
  { name: 'evicts-what-outranks-it', breaks: 8, file: `${PASSES}/victims.ts`, find: `rankOf(settingsOf(fleet, replica).class) > rank;`, replace: `rankOf(settingsOf(fleet, replica).class) > rank + 9;` },
  { name: 'lower-class-leaves-last', breaks: 8, file: `${CORE}/worth.ts`, find: `one.rank - other.rank || `, replace: `other.rank - one.rank || ` },
  { name: 'swaps-not-bounded', breaks: 8, file: `${PASSES}/swaps.ts`, find: `return (place) => openAgainAt(fleet, place) <= now;`, replace: `return (place) => place.devices.length >= 0;` },
  { name: 'swaps-bounded-for-ever', breaks: 19, file: `${PASSES}/swaps.ts`, find: `return last === undefined ? -Infinity : last + MINUTE;`, replace: `return last === undefined ? -Infinity : Infinity;` },
  { name: 'gaps-not-kept-in-step', breaks: 19, file: `${CORE}/indexes.ts`, find: `gaps.delete(entry.server);`, replace: `if (gaps.size < 0) return;` },
  { name: 'only-copy-leaves-before-a-spare-one', breaks: 8, file: `${CORE}/worth.ts`, find: `Number(other.isSpare) - Number(one.isSpare) ||`, replace: `` },
  { name: 'warm-copies-not-kept', breaks: 8, file: `${PASSES}/victims.ts`, find: `=== rank && isGuaranteed(fleet, replica);`, replace: `=== rank && isGuaranteed(fleet, replica) && rank < 0;` },
  { name: 'dependency-evicted-under-its-ensemble', breaks: 7, file: `${PASSES}/victims.ts`, find: `if (dependents.every(isVictim)) victims.push(victimWith(fleet, replica, dependents, isVictim));`, replace: `victims.push(victimWith(fleet, replica, [], isVictim));` },
  { name: 'evicts-though-it-does-not-suffice', breaks: 8, file: `${PASSES}/plan-victims.ts`, find: `if (!isEnough(useful)) return undefined;`, replace: `if (useful.length === 0 && short.size > 0) return undefined;` },
  { name: 'evicts-though-enough-is-leaving', breaks: 8, file: `${CORE}/ledger.ts`, find: `return capacity - held - promised + leaving;`, replace: `return capacity - held - promised + 0 * leaving;` },
  { name: 'several-leave-where-one-does', breaks: 8, file: `${PASSES}/plan-victims.ts`, find: `byWorth(one, last) === 0) : [];`, replace: `byWorth(one, last) < 0) : [];` },
  { name: 'harm-kept-though-use-changed', breaks: 8, file: `${CORE}/indexes.ts`, find: `gaps.get(server)?.harms.clear();`, replace: `gaps.get(server)?.harms.delete(-1);` },
  { name: 'evicts-more-than-is-needed', breaks: 8, file: `${PASSES}/plan-victims.ts`, find: `return isEnough(without) ? without : some;`, replace: `return without.length < 0 ? without : some;` },
  { name: 'evicts-without-reading-use', breaks: 7, file: `${PASSES}/reading.ts`, find: `return stale.length === 0;\n`, replace: `return true;\n` },
  { name: 'kept-stranger-unloaded', breaks: 7, file: `${CORE}/idle-rule.ts`, find: `if (isKept(fleet, replica) || idleUnload === null`, replace: `if (idleUnload === null` },
  { name: 'idle-by-wall-clock', breaks: 9, file: `${OBSERVE}/pulse.ts`, find: `used ? Math.max(replica.lastUse, now) : replica.lastUse`, replace: `used ? pulse.lastInference : replica.lastUse` },
  { name: 'idle-time-cut-short', breaks: 9, file: `${CORE}/idle-rule.ts`, find: `return Math.max(replica.lastUse + idleUnload, replica.inUseUntil);`, replace: `return Math.max(replica.lastUse + 0.9 * idleUnload, replica.inUseUntil);` },
  { name: 'idle-since-the-load', breaks: 9, file: `${CORE}/idle-rule.ts`, find: `return Math.max(replica.lastUse + idleUnload, replica.inUseUntil);`, replace: `return Math.max(replica.since + idleUnload, replica.inUseUntil);` },
  { name: 'uses-folded-in-after-the-decision', breaks: 9, file: `${ENGINE}/engine.ts`, find: `const events = uses.length > 0 ? [{ kind: 'RoutesUsed', uses } as const, ...this.inbox] : this.inbox;`, replace: `const events = this.inbox; if (uses.length > 0) queueMicrotask(() => this.tell({ kind: 'RoutesUsed', uses }));` },
  { name: 'failing-copies-tried-for-ever', breaks: 19, file: `${CORE}/failing.ts`, find: `const TRIES = 2;`, replace: `const TRIES = 200;` },
  { name: 'failing-copy-counts', breaks: 19, file: `${PASSES}/wants.ts`, find: `return !isWrittenOff(fleet, replica);`, replace: `return true;` },
  { name: 'pinned-copy-let-go-for-its-size', breaks: 7, file: `${CORE}/limits.ts`, find: `if (!excess || excess.isPardoned || isPinProtected(fleet, replica)) return false;`, replace: `if (!excess || excess.isPardoned) return false;` },
  { name: 'excess-is-never-over', breaks: 7, file: `${CORE}/limits.ts`, find: `model?.onLimitExceeded === 'unload' && since <= at;`, replace: `model?.onLimitExceeded === 'unload' && since < Infinity && at > -Infinity;` },
  { name: 'quarantined-model-awaited', breaks: 13, file: `${PASSES}/verdicts.ts`, find: `if (isBarred(this.fleet, id)) return { reason: 'load_failed', retryAfter: null, cause: 'capacity' };`, replace: `` },
  { name: 'spread-copy-booked-in-part', breaks: 3, file: `${CORE}/device-sets.ts`, find: `sets.some((set) => set.includes(gpu))`, replace: `sets.some(([first]) => first === gpu)` },
  { name: 'spread-copy-counts-as-many', breaks: 4, file: `${CORE}/pins.ts`, find: `isSpread(model) ? 1 : Math.max(1, devices.length);`, replace: `Math.max(1, devices.length);` },
  { name: 'steps-of-an-unanswered-load-are-strangers', breaks: 7, file: `${OBSERVE}/sighted.ts`, find: `return replica.after === 'load_failed' || (replica.after === 'load' && !isStuck(fleet, replica, now));`, replace: `return replica.after === 'load_failed' && !isStuck(fleet, replica, now);` },
  { name: 'steps-of-a-stuck-load-for-ever', breaks: 7, file: `${OBSERVE}/sighted.ts`, find: `(replica.after === 'load' && !isStuck(fleet, replica, now));`, replace: `(replica.after === 'load' && now > 0);` },
  { name: 'steps-of-a-failed-load-looked-for-too-late', breaks: 7, file: `${OBSERVE}/looked.ts`, find: `new Set([...found, ...booked])`, replace: `new Set([...booked, ...found])` },
  { name: 'unloads-beside-an-unanswered-load', breaks: 7, file: `${PASSES}/untold.ts`, find: `return loadBounds(fleet, replica)?.overdueAt ?? -Infinity;`, replace: `return -Infinity;` },
  { name: 'unloads-beside-the-untold', breaks: 7, file: `${PASSES}/retire.ts`, find: `if (untoldUntil(fleet, replica) > now) return false;`, replace: `` },
  { name: 'idle-and-loaded-anew-at-once', breaks: 19, file: `${PASSES}/retire.ts`, find: `copies: left, standing: null`, replace: `copies: left` },
  { name: 'idle-and-wanted', breaks: 9, file: `${PASSES}/retire.ts`, find: `if (cause === 'idle') wantFewer(fleet, replica, now);`, replace: `` },
  { name: 'stays-for-a-place-that-is-gone', breaks: 19, file: `${PASSES}/place.ts`, find: `return null;`, replace: `return new Ledger(fleet, now);` },
  { name: 'drains-on-though-the-other-copy-goes', breaks: 19, file: `${PASSES}/give-up.ts`, find: `takeBack(fleet, now) ? grantWaiting(fleet, now) : [];`, replace: `now < 0 && takeBack(fleet, now) ? grantWaiting(fleet, now) : [];` },
  { name: 'taken-back-and-not-granted', breaks: 19, file: `${PASSES}/give-up.ts`, find: `takeBack(fleet, now) ? grantWaiting(fleet, now) : [];`, replace: `takeBack(fleet, now) && now < 0 ? grantWaiting(fleet, now) : [];` },
  { name: 'drain-deadline-ignored', breaks: 19, file: `${PASSES}/retire.ts`, find: `if (deadline !== null && deadline <= now) return true;`, replace: `if (deadline === -Infinity) return true;` },
  // Requests: one answer each, in time, and the right one.
  { name: 'answered-twice', breaks: 13, file: `${PASSES}/grant.ts`, find: `fleet.waiting.delete(request.id);`, replace: `` },
  { name: 'answered-late', breaks: 13, file: `${PASSES}/refuse.ts`, find: `if (request.deadline <= now) expired.push(request);`, replace: `if (request.deadline < now) expired.push(request);` },
  { name: 'ready-soon-though-frozen', breaks: 13, file: `${PASSES}/eta.ts`, find: `fleet.frozen ? null : inAll(`, replace: `inAll(` },
  { name: 'load-time-of-another-server', breaks: 13, file: `${CORE}/load-forecast.ts`, find: `if (there && there.count >= ENOUGH) return there;`, replace: `if (there && there.count < 0) return there;` },
  { name: 'nothing-left-of-a-slow-load', breaks: 13, file: `${CORE}/load-times.ts`, find: `Math.max(whole - elapsed, REST_SHARE * elapsed, Math.min(SHORTEST_REST, whole));`, replace: `Math.max(whole - elapsed, 0);` },
  { name: 'asks-again-by-the-median', breaks: 16, file: `${PASSES}/refuse.ts`, find: `retryAfter: Math.max(SHORT, delay + (eta ?? load).p90),`, replace: `retryAfter: Math.max(SHORT, delay + (eta ?? load).p50),` },
  { name: 'no-wake-for-deadlines', breaks: 13, file: `${CORE}/wake.ts`, find: `for (const { deadline } of fleet.waiting.values()) wake = sooner(deadline, now, wake);`, replace: `` },
  { name: 'wakes-too-late', breaks: 13, file: `${ENGINE}/engine.ts`, find: `this.parts.clock.setAlarm(nextWake(this.state, now), () => this.turn());`, replace: `this.parts.clock.setAlarm(nextWake(this.state, now) + 20, () => this.turn());` },
  { name: 'cancelled-request-granted', breaks: 13, file: `${OBSERVE}/requests.ts`, find: `export function cancelRequest(fleet: Fleet, id: RequestId): void {\n  fleet.waiting.delete(id);`, replace: `export function cancelRequest(fleet: Fleet, id: RequestId): void {\n  fleet.waiting.get(id);` },
  { name: 'route-while-draining', breaks: 14, file: `${CORE}/routes.ts`, find: `if (ready.phase !== 'ready' || !isRoutable(fleet.servers.get(ready.server)!)) return false;`, replace: `if (!['ready', 'draining'].includes(replica.phase) || !isRoutable(fleet.servers.get(ready.server)!)) return false;` },
  { name: 'route-before-the-first-look', breaks: 14, file: `${OBSERVE}/contact.ts`, find: `if (contact.kind === 'down' || contact.kind === 'lost') server.looked = false;`, replace: `if (contact.kind === 'lost') server.looked = false;` },
  { name: 'queue-bound-ignored', breaks: 15, file: `${PASSES}/overflow.ts`, find: `if (count > mostFor(fleet, model)) long.set`, replace: `if (count > 5_000) long.set` },
  { name: 'global-queue-bound-ignored', breaks: 15, file: `${PASSES}/overflow.ts`, find: `if (waiting.size > limits.globalQueue)`, replace: `if (waiting.size > 1_000_000)` },
  { name: 'queue-bytes-unbounded', breaks: 15, file: `${PASSES}/overflow.ts`, find: `if (sizeOf(waiting.values(), IN_BYTES) > QUEUE_BYTES)`, replace: `if (sizeOf(waiting.values(), IN_BYTES) > Infinity)` },
  { name: 'full-queue-blind-to-class', breaks: 15, file: `${PASSES}/overflow.ts`, find: `queue.filter((request) => request.class === lowest)`, replace: `queue.filter(() => lowest === 'sheddable')` },
  { name: 'full-queue-blind-to-tenants', breaks: 15, file: `${PASSES}/overflow.ts`, find: `held.size === 1 ? Infinity : Math.max(`, replace: `held.size > 0 ? Infinity : Math.max(` },
  { name: 'full-queue-displaces-the-oldest', breaks: 15, file: `${PASSES}/overflow.ts`, find: `request.class === lowest).reverse();`, replace: `request.class === lowest);` },
  { name: 'infeasible-by-the-reachable', breaks: 13, file: `${PASSES}/verdicts.ts`, find: `const fits = [...this.fleet.servers.values()].map((server) => ({`, replace: `const fits = this.open.map((server) => ({` },
  { name: 'infeasible-though-unseen', breaks: 13, file: `${PASSES}/verdicts.ts`, find: `if (fits.length === 0 || fits.includes('unseen')) return`, replace: `if (fits.length === 0) return` },
  { name: 'cold-do-not-wait-for-the-first-looks', breaks: 17, file: `${PASSES}/place.ts`, find: `if (wants.length === 0 || isSettling(fleet, now)) return [];`, replace: `if (wants.length === 0) return [];` },
  { name: 'wish-never-ends', breaks: 19, file: `${PASSES}/wishes.ts`, find: `const isOver = until <= now && !(admin && fleet.frozen);`, replace: `const isOver = until < -now && !(admin && fleet.frozen);` },
  // What operators order.
  { name: 'reload-gives-its-memory-away', breaks: 7, file: `${CORE}/ledger.ts`, find: `if (isComingBack(this.fleet, replica)) return false;`, replace: `` },
  { name: 'reloads-all-copies-at-once', breaks: 7, file: `${CORE}/reloads.ts`, find: `([id, one]) => id !== replica.id && one.model === replica.model && isUnderWay(fleet, id, one),`, replace: `([id, one]) => id === replica.id && one.model === replica.model && isUnderWay(fleet, id, one),` },
  { name: 'accepted-unload-lost-at-a-restart', breaks: 17, file: `${PASSES}/take-up-unloads.ts`, find: `if (fleet.servers.get(server)!.lookedAt === null) continue;`, replace: `` },
  { name: 'unload-put-off-outlives-its-server', breaks: 15, file: `${OBSERVE}/declared.ts`, find: `if (server === id) fleet.putOff.delete(replica);`, replace: `if (server === id) continue;` },
  { name: 'drained-for-what-is-to-be-loaded-anew', breaks: 7, file: `${PASSES}/retire.ts`, find: `return [...inOrder(fleet, [...fleet.reloads.keys()]), ...inOrder(fleet, others)];`, replace: `return inOrder(fleet, [...fleet.reloads.keys(), ...others]);` },
  { name: 'accepted-reload-lost-at-a-restart', breaks: 17, file: `${PASSES}/reload.ts`, find: `if (server.lookedAt === null) return 'waits';`, replace: `if (server.lookedAt === null) return 'over';` },
  { name: 'reload-done-twice-over-a-restart', breaks: 17, file: `${OBSERVE}/reloads.ts`, find: `const leftAt = hasLeft ? now : null;`, replace: `const leftAt = hasLeft ? null : null;` },
  { name: 'reload-brings-a-copy-too-many', breaks: 9, file: `${PASSES}/reload.ts`, find: `if (presentCopies(fleet, model.id, now) >= most) return 'replaced';`, replace: `if (presentCopies(fleet, model.id, now) >= most + 9) return 'replaced';` },
  { name: 'reload-dropped-under-what-may-need-it', breaks: 7, file: `${PASSES}/reload.ts`, find: `isNeeded(fleet, replica) && presumedNeeders(fleet, replica).every((one) => isStuck(fleet, one, now));`, replace: `isNeeded(fleet, replica);` },
  { name: 'frozen-and-loads', breaks: 20, file: `${CORE}/step.ts`, find: `const loads = fleet.frozen ? [] : startPlaced(fleet, ledger, now);`, replace: `const loads = startPlaced(fleet, ledger, now);` },
  { name: 'frozen-and-drains-the-idle', breaks: 20, file: `${PASSES}/give-up.ts`, find: `if (!fleet.frozen && retire(fleet, now))`, replace: `if (retire(fleet, now))` },
];
