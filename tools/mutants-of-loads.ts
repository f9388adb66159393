import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';
const PASSES = `${CORE}/passes`;
const OBSERVE = `${CORE}/observe`;

/** Bugs of what a load has to be worth, where it begins soonest, and when it should end. */
// prettier-ignore
export const OF_LOADS: readonly Mutant[] = [
  { name: 'priced-though-let-in', breaks: 13, file: `${PASSES}/price.ts`, find: `|| fleet.letIn.has(id)) promised`, replace: `|| id.length === 0) promised` },
  { name: 'priced-elsewhere-by-a-busy-server', breaks: 13, file: `${PASSES}/price.ts`, find: `one.repository.has(id) && model && labelsMatch(one, model)`, replace: `one.repository !== undefined && model !== undefined` },
  { name: 'critical-ones-priced', breaks: 13, file: `${PASSES}/price.ts`, find: `if (of === 'critical' || fleet`, replace: `if (fleet` },
  { name: 'operators-word-priced', breaks: 9, file: `${PASSES}/price.ts`, find: `return !isAsked || isExtra || this.isPaid(model.id);`, replace: `return isExtra || isAsked === null || this.isPaid(model.id);` },
  { name: 'no-price', breaks: 19, file: `${PASSES}/price.ts`, find: `if (!this.areScarce) return true;`, replace: `if (!this.areScarce || this.open.length >= 0) return true;` },
  { name: 'a-price-where-slots-are-free', breaks: 19, file: `${PASSES}/price.ts`, find: `|| this.takenFor(id) <= PLENTY;`, replace: `|| this.takenFor(id) <= 0;` },
  { name: 'wish-loads-though-slots-are-scarce', breaks: 19, file: `${PASSES}/price.ts`, find: `if (!asking) return false;`, replace: `if (!asking) return true;` },
  { name: 'starves-at-a-price', breaks: 19, file: `${PASSES}/price.ts`, find: `if (hasStarved(this.fleet, starvesSince(this.fleet, id, this.now), this.now)) return true;`, replace: `if (hasStarved(this.fleet, starvesSince(this.fleet, id, this.now), -1)) return true;` },
  { name: 'patience-is-worth-nothing', breaks: 13, file: `${PASSES}/price.ts`, find: `.p50 <= latest;`, replace: `.p50 <= -latest;` },
  { name: 'who-takes-little-pays-for-a-flood', breaks: 13, file: `${PASSES}/price.ts`, find: `Math.min(...parts) * this.takenFor(id)`, replace: `Math.max(1, ...parts) * this.takenFor(id)` },
  { name: 'price-blind-to-size', breaks: 19, file: `${PASSES}/price.ts`, find: `this.median * bytesToLoad(this.fleet, id, undefined);`, replace: `this.median * Math.max(4, bytesToLoad(this.fleet, id, undefined));` },
  { name: 'who-is-turned-away-counts-for-nothing', breaks: 19, file: `${OBSERVE}/requests.ts`, find: `  countAsks(fleet, request.model, 1, now);\n`, replace: `` },
  { name: 'slots-taken-once-for-ever', breaks: 19, file: `${CORE}/slot-use.ts`, find: `return taken + faded({ sum: lately - taken, at }, now, SLOTS_FADE_OVER);`, replace: `return Math.max(taken, lately) + 0 * (now - at);` },
  { name: 'asked-once-asked-for-ever', breaks: 19, file: `${CORE}/fading.ts`, find: `Math.max(0, now - one.at) / over)`, replace: `Math.max(0, now - one.at) / (1e9 * over))` },
  { name: 'moves-though-slots-are-scarce', breaks: 19, file: `${PASSES}/evict.ts`, find: `(!isLikelyMissed(best, now) || areSlotsScarce(fleet, now));`, replace: `(!isLikelyMissed(best, now) || now < 0);` },
  { name: 'evicts-behind-a-busy-slot', breaks: 13, file: `${PASSES}/freeable.ts`, find: `if (isShort(place, 1)) return true;`, replace: `if (isShort(place, DEPTH)) return true;` },
  { name: 'line-kept-though-something-was-placed', breaks: 8, file: `${PASSES}/slot-line.ts`, find: `if (promises === this.promises && size === this.moves) return;`, replace: `if (promises > -1 && size === this.moves) return;` },
  { name: 'line-kept-though-a-move-was-given-up', breaks: 19, file: `${PASSES}/slot-line.ts`, find: `if (promises === this.promises && size === this.moves) return;`, replace: `if (promises === this.promises && size > -1) return;` },
  { name: 'one-line-for-all-ranks', breaks: 19, file: `${PASSES}/slot-line.ts`, find: `const kind = want.isExtra ? EXTRA : want.rank;`, replace: `const kind = want.isExtra ? EXTRA : want.rank * 0;` },
  { name: 'fits-behind-a-busy-slot', breaks: 13, file: `${PASSES}/best-fit.ts`, find: `? 2 : Number(!hasSlot(place));`, replace: `? 2 : 0 * Number(!hasSlot(place));` },
  { name: 'fits-beside-a-free-slot-whenever-the-memory-comes', breaks: 13, file: `${PASSES}/best-fit.ts`, find: `!ledger.fitsFree(bookings) ? 2 : Number(!hasSlot(place));`, replace: `Number(!hasSlot(place));` },
  { name: 'place-of-what-is-pinned-outlives-its-move', breaks: 9, file: `${PASSES}/place.ts`, find: `? strays.has(replica.id) ||`, replace: `? strays.size < 0 ||` },
  { name: 'moves-for-who-is-turned-away', breaks: 9, file: `${CORE}/step.ts`, find: `fleet.moves.size > before.moves ?`, replace: `fleet.moves.size > before.moves + 9 ?` },
  { name: 'never-learns-how-long-unloads-take', breaks: 13, file: `${OBSERVE}/sighted.ts`, find: `if (sighting.proven && !isStuck(fleet, replica, now)) noteUnload(server, replica, now);`, replace: `` },
  { name: 'all-of-an-unload-always-to-come', breaks: 13, file: `${PASSES}/beginnings.ts`, find: `if (leaving.phase === 'unloading') return restOf(unload, this.now - leaving.since);`, replace: `if (leaving.phase === 'unloading') return unload;` },
  { name: 'no-wait-while-use-is-read', breaks: 13, file: `${PASSES}/eta.ts`, find: `const reading = fleet.readings.get(model);`, replace: `const reading = now < 0 ? fleet.readings.get(model) : undefined;` },
  { name: 'sent-away-by-half-a-chance', breaks: 13, file: `${CORE}/load-times.ts`, find: `p50 ** 2 / p90;`, replace: `Math.min(p50, p90);` },
  { name: 'critical-goes-where-it-hurts-least', breaks: 13, file: `${PASSES}/soonest.ts`, find: `if (of === 'critical') models.add(model);`, replace: `if (of === null) models.add(model);` },
  { name: 'everybody-goes-where-it-is-soonest', breaks: 13, file: `${PASSES}/soonest.ts`, find: `if (of === 'critical') models.add(model);`, replace: `if (of) models.add(model);` },
  { name: 'moves-though-nobody-can-wait-for-it', breaks: 13, file: `${PASSES}/evict.ts`, find: `move && best && isTooSlow(fleet, move, want, now) ? undefined : move;`, replace: `isTooSlow === undefined ? undefined : move;` },
  { name: 'planned-behind-who-is-wanted-less', breaks: 13, file: `${PASSES}/beginnings.ts`, find: `less < 0 ? line.length : less`, replace: `less < line.length ? line.length : less` },
  { name: 'waits-for-a-swap-that-comes-too-late', breaks: 13, file: `${PASSES}/unreachable.ts`, find: `if (wait === null || swapIn === 0) return wait;`, replace: `if (wait === null || swapIn >= 0) return wait;` },
  { name: 'starving-waits-for-a-swap', breaks: 13, file: `${PASSES}/swaps.ts`, find: `return Math.min(openAgainAt(fleet, place), starvesAt);`, replace: `return Math.max(openAgainAt(fleet, place), 0 * starvesAt);` },
  { name: 'a-pin-of-copies-beyond-it', breaks: 13, file: `${PASSES}/load-order.ts`, find: `claims.find(({ copies }) => begun < copies);`, replace: `claims.find(({ copies }) => 0 * begun < copies);` },
  { name: 'a-storm-that-is-over-counts-on', breaks: 13, file: `${PASSES}/price.ts`, find: `this.whoWaits = WAITING * calming(fleet, now);`, replace: `this.whoWaits = WAITING + 0 * calming(fleet, now);` },
  { name: 'calm-for-the-storm', breaks: 13, file: `${CORE}/demand.ts`, find: `minute / lately));`, replace: `lately / minute));` },
  { name: 'all-of-a-load-always-to-come', breaks: 13, file: `${PASSES}/unreachable.ts`, find: `if (wait === null || swapIn === 0) return wait;`, replace: `if (wait === null) return wait;` },
  { name: 'turned-away-by-half-a-chance', breaks: 13, file: `${PASSES}/unreachable.ts`, find: `return this.now + wait - doubt > deadline;`, replace: `return this.now + wait - 0 * doubt > deadline;` },
  { name: 'lets-in-whom-it-then-sends-away', breaks: 19, file: `${PASSES}/unreachable.ts`, find: `if (this.isVain(request)) return true;`, replace: `` },
  // A load that ran out of memory.
  { name: 'ran-out-and-nothing-learned', breaks: 3, file: `${OBSERVE}/ran-out.ts`, find: `fleet.shortfalls.set(account, { at: now, replica: id, model, server, bytes, until: now + UNMEASURED });`, replace: `` },
  { name: 'look-from-before-a-load-ran-out', breaks: 3, file: `${OBSERVE}/others.ts`, find: `told.look.begunAt < shortfall.at + SHOWN_AFTER`, replace: `told.look.begunAt < shortfall.at` },
  { name: 'unmeasured-device-as-it-was', breaks: 3, file: `${CORE}/ledger.ts`, find: `takenOf(server, device) + unmeasuredShortfall(fleet, device)`, replace: `takenOf(server, device) + 0 * unmeasuredShortfall(fleet, device)` },
  { name: 'too-large-a-model-closes-a-device', breaks: 10, file: `${OBSERVE}/ran-out.ts`, find: `used !== null || !fleet.cooldowns.has(id);`, replace: `used !== null || fleet.cooldowns !== null;` },
];
