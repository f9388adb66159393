import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';

/** Bugs of the books of memory: what is booked, measured, and taken by other processes. */
// prettier-ignore
export const OF_MEMORY: readonly Mutant[] = [
  { name: 'promise-forgotten', breaks: 1, file: `${CORE}/memory/ledger.ts`, find: `    balance[replica.phase === 'placed' ? 'promised' : 'held'] += bytes;`, replace: `    if (replica.phase !== 'placed') balance.held += bytes;` },
  { name: 'change-not-booked', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `if (change) balance[change.order ? 'held' : 'promised'] +=`, replace: `if (change && !change.order) balance.promised +=` },
  { name: 'hidden-copy-not-booked', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `for (const { bookings } of hidden) this.add('held', bookings);`, replace: `if (hidden === undefined) return;` },
  { name: 'host-memory-not-booked', breaks: 3, file: `${CORE}/memory/footprint.ts`, find: `return [...gpus.map(({ account }) => ({ account, bytes })), ...host];`, replace: `return gpus.map(({ account }) => ({ account, bytes }));` },
  { name: 'foreign-memory-ignored', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `kind === 'gpu' ? takenByOthers(server, ordinal) : 0;`, replace: `kind === 'gpu' && server.looked ? 0 * ordinal : 0;` },
  { name: 'loaded-into-what-nobody-has-measured', breaks: 3, file: `${CORE}/memory/ledger.ts`, find: `if (device) doubtful += perhapsTaken(fleet, owner.server, device) ?? 0;`, replace: `if (device) doubtful += 0;` },
  { name: 'what-only-just-came-explains-use', breaks: 3, file: `${CORE}/observe/foreign.ts`, find: `begunAt >= since + 2 * METRICS_INTERVAL;`, replace: `begunAt >= since;` },
  { name: 'others-counted-at-rest-only', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `else boundForeign(fleet, server, device, { look, now });`, replace: `else if (server.meters.get(device.ordinal)?.foreign == null) boundForeign(fleet, server, device, { look, now });` },
  { name: 'others-stay-counted', breaks: 3, file: `${CORE}/observe/foreign.ts`, find: `Math.min(atAll, Math.max(meter.foreign ?? 0, surely));`, replace: `Math.max(meter.foreign ?? 0, surely);` },
  { name: 'one-look-counts-as-two', breaks: 3, file: `${CORE}/observe/foreign.ts`, find: `Math.min(within.least, leastWithin(before))`, replace: `within.least` },
  { name: 'room-beside-what-may-be-others', breaks: 3, file: `${CORE}/observe/foreign.ts`, find: `most: Math.min(mostBefore, most) };`, replace: `most: Math.min(mostBefore === Infinity ? least : mostBefore, most) };` },
  { name: 'gone-means-free', breaks: 1, file: `${CORE}/observe/foreign.ts`, find: `meter.late = Math.min(most - within.most, bytesGone(meter.gone));`, replace: `meter.late = 0;` },
  { name: 'gpus-out-of-sight-are-gone', breaks: 2, file: `${CORE}/observe/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since || !isBooked(` },
  { name: 'gpus-that-hold-something-are-gone', breaks: 2, file: `${CORE}/observe/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since + STEADY || !isBooked(` },
  { name: 'unread-gpu-believed-empty', breaks: 3, file: `${CORE}/observe/devices.ts`, find: `saysItsSize(gpu) && gpu.used <= gpu.memory;`, replace: `gpu.used <= gpu.memory;` },
  { name: 'measured-while-others-move', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (endsAt !== meter.moves || `, replace: `if (endsAt === null || ` },
  { name: 'residue-forgotten', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (meter.release!.endsAt === meter.moves) meter.residue += missing ?? 0;`, replace: `` },
  { name: 'host-limit-taken-for-one-of-the-gpu', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `model !== undefined && model.gpuDeclared &&`, replace: `model !== undefined && (model.gpuDeclared || model.hostDeclared) &&` },
  { name: 'never-learned-for-a-host-limit', breaks: 3, file: `${CORE}/memory/footprint.ts`, find: `if (!model.gpuDeclared && times`, replace: `if (!model.gpuDeclared && !model.hostDeclared && times` },
  { name: 'who-needs-no-gpu-waits-for-one', breaks: 8, file: `${CORE}/memory/footprint.ts`, find: `if (bytes === 0 || isBookedBySteps(fleet, id)) return host;`, replace: `if (isBookedBySteps(fleet, id)) return host;` },
  { name: 'measured-above-its-limit-and-not-booked', breaks: 3, file: `${CORE}/memory/footprint.ts`, find: `if (peak > told) return { bytes: peak, basis: 'measured' };`, replace: `` },
  { name: 'evicts-though-enough-is-leaving', breaks: 8, file: `${CORE}/memory/ledger.ts`, find: `return capacity - held - promised + leaving;`, replace: `return capacity - held - promised + 0 * leaving;` },
  { name: 'gaps-kept-though-a-device-shrank', breaks: 19, file: `${CORE}/observe/devices.ts`, find: `areAlike(before, after, ['capacity'])`, replace: `areAlike(before, after, [])` },
  { name: 'pinned-copy-let-go-for-its-size', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `if (!excess || excess.isPardoned || isPinProtected(fleet, replica)) return false;`, replace: `if (!excess || excess.isPardoned) return false;` },
  { name: 'excess-is-never-over', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `isUnloaded && replica.since <= excess.at &&`, replace: `isUnloaded &&` },
  { name: 'reload-gives-its-memory-away', breaks: 7, file: `${CORE}/memory/ledger.ts`, find: `if (isComingBack(this.fleet, replica)) return false;`, replace: `` },
  { name: 'what-is-booked-hides-others', breaks: 19, file: `${CORE}/observe/foreign.ts`, find: `const foreign = Math.min(atAll, `, replace: `const foreign = Math.min(most, ` },
];
