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
  { name: 'measured-above-its-limit-and-not-booked', breaks: 3, file: `${CORE}/memory/footprint.ts`, find: `if (known > told) return { bytes: known, basis: 'measured' };`, replace: `` },
  { name: 'what-only-just-came-explains-use', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `return replica.change === null && shows(replica.since);`, replace: `return replica.change === null;` },
  { name: 'what-drains-explains-use-as-it-comes', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (replica.phase === 'draining') return shows(replica.since);`, replace: `if (replica.phase === 'draining') return true;` },
  { name: 'what-is-unloading-explains-use', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (replica.phase === 'unloading') return false;`, replace: `if (replica.phase === 'unloading') return true;` },
  { name: 'others-counted-at-rest-only', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `else countOthers(reading);`, replace: `else if (begunAt < 0) countOthers(reading);` },
  { name: 'others-stay-counted', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `Math.max(least, Math.min(meter.others, most));`, replace: `Math.max(least, meter.others);` },
  { name: 'new-others-wait-for-a-clean-sample', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `Math.max(least, Math.min(meter.others, most));`, replace: `Math.min(meter.others, Math.max(least, most));` },
  { name: 'what-has-left-counts-as-others', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `if (!shows(at)) rest -= bytes;`, replace: `if (!shows(at - 1e9)) rest -= bytes;` },
  { name: 'unexplained-use-counts-though-it-may-be-ours', breaks: 8, file: `${CORE}/fleet/meter.ts`, find: `return !meter || isUnknown(meter) ? 0 : meter.others;`, replace: `return meter?.others ?? 0;` },
  { name: 'room-beside-what-may-be-others', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `meter.closed = { ...meter.closed, most };`, replace: `meter.closed = { ...meter.closed, most: least };` },
  { name: 'two-unknown-copies-learned-as-one', breaks: 3, file: `${CORE}/observe/pairs.ts`, find: `return other ? undefined : one;`, replace: `return other ?? one;` },
  { name: 'failed-load-counts-as-one-that-left', breaks: 3, file: `${CORE}/fleet/meter.ts`, find: `return isLoad ? 'none' : 'left';`, replace: `return 'left';` },
  { name: 'paired-an-hour-apart', breaks: 3, file: `${CORE}/observe/pairs.ts`, find: `const PAIRED_WITHIN: Millis = 60_000;`, replace: `const PAIRED_WITHIN: Millis = 3_600_000;` },
  { name: 'what-left-counts-as-what-came', breaks: 3, file: `${CORE}/observe/pairs.ts`, find: `(kind === 'came' ? bytes : -bytes);`, replace: `(kind === 'came' ? bytes : bytes);` },
  { name: 'measured-beside-what-was-found', breaks: 3, file: `${CORE}/fleet/meter.ts`, find: `meter.changes = null;\n  else if`, replace: `meter.changes = meter.changes ?? [];\n  else if` },
  { name: 'residue-forgotten', breaks: 3, file: `${CORE}/observe/pairs.ts`, find: `meter.residue += Math.max(0, grown + only.measured);`, replace: `meter.residue += 0;` },
  { name: 'silence-teaches', breaks: 3, file: `${CORE}/observe/measure.ts`, find: `Object.assign(meter, { closed: null, clean: null, changes: null, gone: [] }`, replace: `Object.assign(meter, { closed: null, gone: [] }` },
  // How long a reading may be old.
  { name: 'no-time-until-a-reading-shows-a-move', breaks: 3, file: `${CORE}/fleet/meter.ts`, find: `return 1.5 * (areMetricsLate`, replace: `return 0 * (areMetricsLate` },
  { name: 'interval-of-a-server-ignored', breaks: 13, file: `${CORE}/fleet/meter.ts`, find: `Math.max(METRICS_INTERVAL, metricsInterval) : metricsInterval);`, replace: `Math.max(METRICS_INTERVAL, metricsInterval) : METRICS_INTERVAL);` },
  { name: 'late-metrics-believed', breaks: 3, file: `${CORE}/fleet/meter.ts`, find: `areMetricsLate(server) ? Math.max(METRICS_INTERVAL, metricsInterval)`, replace: `areMetricsLate(server) ? metricsInterval` },
  { name: 'gpus-out-of-sight-are-gone', breaks: 2, file: `${CORE}/observe/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since || !isBooked(` },
  { name: 'gpus-that-hold-something-are-gone', breaks: 2, file: `${CORE}/observe/devices.ts`, find: `return begunAt >= since + STEADY && !isBooked(`, replace: `return begunAt >= since + STEADY || !isBooked(` },
  { name: 'young-process-without-devices', breaks: 19, file: `${CORE}/observe/devices.ts`, find: `(spec.hostMemory ?? metrics.hostMemory) !== null`, replace: `true` },
  { name: 'young-process-looked-at-late', breaks: 19, file: `${CORE}/looks/look-around.ts`, find: `isJustBorn(server) ? FIRST_LOOK_AGAIN : FULL_LOOK_EVERY`, replace: `FULL_LOOK_EVERY` },
  { name: 'devices-of-the-process-before', breaks: 3, file: `${CORE}/observe/devices.ts`, find: `if (isUnsized(server) && !isJustBorn(server, begunAt)) return null;`, replace: `` },
  { name: 'unread-gpu-believed-empty', breaks: 3, file: `${CORE}/observe/devices.ts`, find: `saysItsSize(gpu) && gpu.used <= gpu.memory;`, replace: `gpu.used <= gpu.memory;` },
  { name: 'host-limit-taken-for-one-of-the-gpu', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `model !== undefined && model.gpuDeclared &&`, replace: `model !== undefined && (model.gpuDeclared || model.hostDeclared) &&` },
  { name: 'never-learned-for-a-host-limit', breaks: 3, file: `${CORE}/memory/footprint.ts`, find: `if (!model.gpuDeclared && times`, replace: `if (!model.gpuDeclared && !model.hostDeclared && times` },
  { name: 'who-needs-no-gpu-waits-for-one', breaks: 8, file: `${CORE}/memory/footprint.ts`, find: `if (bytes === 0 || isBookedBySteps(fleet, id)) return host;`, replace: `if (isBookedBySteps(fleet, id)) return host;` },
  { name: 'evicts-though-enough-is-leaving', breaks: 8, file: `${CORE}/memory/ledger.ts`, find: `return capacity - held - promised + leaving;`, replace: `return capacity - held - promised + 0 * leaving;` },
  { name: 'gaps-kept-though-a-device-shrank', breaks: 19, file: `${CORE}/observe/devices.ts`, find: `areAlike(before, after, ['capacity'])`, replace: `areAlike(before, after, [])` },
  { name: 'pinned-copy-let-go-for-its-size', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `if (!excess || excess.isPardoned || isPinProtected(fleet, replica)) return false;`, replace: `if (!excess || excess.isPardoned) return false;` },
  { name: 'excess-is-never-over', breaks: 7, file: `${CORE}/memory/limits.ts`, find: `isUnloaded && replica.since <= excess.at &&`, replace: `isUnloaded &&` },
  { name: 'reload-gives-its-memory-away', breaks: 7, file: `${CORE}/memory/ledger.ts`, find: `if (isComingBack(this.fleet, replica)) return false;`, replace: `` },
];
