import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';

/** Bugs of what is promised to requests, and of what they are told. */
// prettier-ignore
export const OF_PROMISES: readonly Mutant[] = [
  { name: 'judged-anew-though-promised', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `.filter(({ id }) => !fleet.promises.has(id))`, replace: `` },
  { name: 'judged-in-the-order-of-arrival', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `come.toSorted((one, other) => rankOf(other.class) - rankOf(one.class))`, replace: `come` },
  { name: 'refused-while-an-overdue-load-may-end', breaks: 13, file: `${CORE}/answers/verdicts.ts`, find: `        isHeldUp(this.fleet, server, this.now),`, replace: `        false,` },
  { name: 'a-job-may-break-a-promise', breaks: 13, file: `${CORE}/loading/line.ts`, find: `const isIn = broken.every((one) => mayDisplace(job, one));`, replace: `const isIn = true;` },
  { name: 'promised-though-it-comes-too-late', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `found && found.ready.p90 <= by ? found : undefined;`, replace: `found;` },
  { name: 'a-higher-class-displaces-nothing', breaks: 6, file: `${CORE}/loading/line.ts`, find: `one.band > by.band || (`, replace: `one.band < -9 || (` },
  { name: 'refused-though-a-lower-class-could-be-preempted', breaks: 6, file: `${CORE}/answers/admission.ts`, find: `isIn ? forecast : this.inPlaceOfLower(forecast, by);`, replace: `isIn ? forecast : undefined;` },
  { name: 'what-is-over-its-share-displaces-its-like', breaks: 13, file: `${CORE}/loading/line.ts`, find: `one.isOverShare && !by.isOverShare`, replace: `one.isOverShare` },
  { name: 'pays-twice-for-a-job', breaks: 6, file: `${CORE}/answers/admission.ts`, find: `fleet.charges.has(model) ? 0 : loadForecast(fleet, model, null).p50`, replace: `loadForecast(fleet, model, null).p50` },
  { name: 'share-ignored-as-it-joins', breaks: 6, file: `${CORE}/answers/admission.ts`, find: `isOverShare: areOver(asked.waiting, isOver) };`, replace: `isOverShare: false };` },
  { name: 'share-as-it-was-before', breaks: 6, file: `${CORE}/loading/line.ts`, find: `(isOver ? withShare(one.job, isOver) : one.job)`, replace: `(isOver ? one.job : one.job)` },
  { name: 'displaced-and-not-told', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `    for (const one of displaced) this.displace(one, job);\n`, replace: `` },
  { name: 'loads-are-charged-to-nobody', breaks: 6, file: `${CORE}/answers/admission.ts`, find: `    charge(fleet, model, tenant, cost, now);\n`, replace: `` },
  { name: 'charged-for-what-never-loaded', breaks: 6, file: `${CORE}/loading/note-line.ts`, find: `  for (const model of gone) refund(fleet, model, now);\n`, replace: `` },
  { name: 'charge-returned-after-the-load', breaks: 6, file: `${CORE}/loading/start.ts`, find: `    settleCharge(fleet, replica.model);\n`, replace: `` },
  { name: 'turned-away-by-a-guess', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `    if (!isForeseen(fleet, model)) return false;\n`, replace: `` },
  { name: 'turned-away-while-a-load-is-late', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `one.phase === 'ready' || hasOverrun(fleet, one, now)`, replace: `one.phase === 'ready'` },
  { name: 'kept-though-the-next-try-ends-too-late', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `const isForLate = this.hints.loadedBy(model) > deadline;`, replace: `const isForLate = this.loadedBy(model) < 0;` },
  { name: 'promised-though-its-load-ends-too-late', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `if (ready > request.deadline)`, replace: `if (ready > request.deadline + 1e9)` },
  { name: 'hints-by-the-median', breaks: 16, file: `${CORE}/answers/hints.ts`, find: `neededBy: Infinity }).ready.p90;`, replace: `neededBy: Infinity }).ready.p50;` },
  { name: 'told-to-come-again-before-it-can-be-ready', breaks: 16, file: `${CORE}/answers/hints.ts`, find: `ready - (deadline - arrivedAt);`, replace: `ready - 2 * (deadline - arrivedAt);` },
  { name: 'told-to-wait-for-what-its-own-wait-spans', breaks: 16, file: `${CORE}/answers/hints.ts`, find: `ready - (deadline - arrivedAt);`, replace: `ready - 0 * (deadline - arrivedAt);` },
  { name: 'promised-and-waits-in-vain', breaks: 13, file: `${CORE}/answers/lost.ts`, find: `return isPromised && now.stamp + p10Of(load) > deadline`, replace: `return isPromised && now.stamp < 0` },
  { name: 'promise-given-up-for-memory-that-is-late', breaks: 13, file: `${CORE}/answers/lost.ts`, find: `if (roomAt === Infinity) return`, replace: `if (roomAt >= deadline) return` },
  { name: 'an-earlier-deadline-moves-any-job', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `const isIn = !isRaised && byPrecedence(joined, job) === 0;`, replace: `const isIn = true;` },
  { name: 'a-job-with-its-place-never-moves-forward', breaks: 13, file: `${CORE}/answers/admission.ts`, find: `    if (this.moveForward(request, forecast.job)) return this.promise(request);\n`, replace: `` },
  { name: 'refused-for-the-promise-of-an-earlier-request', breaks: 13, file: `${CORE}/loading/line.ts`, find: `if (forecast.ready.p90 > by) return`, replace: `if (!holds(forecast)) return` },
  { name: 'refused-and-no-best-effort-left', breaks: 19, file: `${CORE}/answers/admission.ts`, find: `  if (fleet.models.get(request.model)?.coldStart.loadWhenShed) noteBestEffort(fleet, request.model, now);\n`, replace: `` },
  { name: 'outranked-for-no-reason', breaks: 13, file: `${CORE}/answers/broken-promise.ts`, find: `  if (isOutranked(fleet, request, servers)) return 'outranked';\n`, replace: `` },
  { name: 'evictions-of-others-not-told', breaks: 13, file: `${CORE}/answers/broken-promise.ts`, find: `  if (late && isOutOfEvictions(fleet, late, now)) return 'evictions';\n`, replace: `` },
  { name: 'loss-of-another-server-told', breaks: 13, file: `${CORE}/answers/broken-promise.ts`, find: `own.length > 0 ? own :`, replace: `own.length > 99 ? own :` },
  { name: 'late-load-told-of-as-memory', breaks: 13, file: `${CORE}/answers/broken-promise.ts`, find: `one.lateLoadAt >= since || isAnyOverrun`, replace: `isAnyOverrun` },
  { name: 'longer-leases-learned-slowly', breaks: 13, file: `${CORE}/learned/leases.ts`, find: `known === undefined || lease >= known ? lease`, replace: `known === undefined ? lease` },
];
