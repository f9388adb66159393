import type { Mutant } from './mutants.js';

const CORE = 'libs/core/src';
const ENGINE = 'libs/engine/src';
const BOOK = `${ENGINE}/lease-book.ts`;

/** Bugs of what is kept of leases beyond a life of Berth. */
// prettier-ignore
export const OF_LEASES: readonly Mutant[] = [
  { name: 'lease-of-an-earlier-life-forgotten', breaks: 7, file: `${CORE}/observe/sighted.ts`, find: `Math.max(now.stamp + DEFAULT_LEASE, promisedOn(server, model))`, replace: `Math.max(now.stamp + DEFAULT_LEASE, promisedOn(server, '' as ModelId))` },
  { name: 'lease-held-for-ever-by-a-wall-clock', breaks: 7, file: BOOK, find: `Math.min(MAX_LEASE, stored - wall)`, replace: `Math.max(0, stored - wall)` },
  { name: 'lease-not-stored-at-the-end', breaks: 7, file: `${ENGINE}/engine.ts`, find: `this.leases.finish(this.state, this.now());`, replace: `` },
  { name: 'lease-stored-too-short', breaks: 7, file: BOOK, find: `Math.ceil((until + wall) / SECOND)`, replace: `Math.floor((until + wall) / SECOND)` },
  { name: 'lease-end-drifts-with-restarts', breaks: 7, file: BOOK, find: `before?.until === until`, replace: `before?.until === -Infinity` },
  { name: 'lease-not-given-back', breaks: 7, file: BOOK, find: `left.filter(({ until }) => until > now)`, replace: `left.filter(({ until }) => until < now)` },
  { name: 'lease-cut-by-a-drain-for-good', breaks: 7, file: BOOK, find: `leases.set(replica.model, replica.inUseUntil);`, replace: `leases.set(replica.model, Math.min(replica.inUseUntil, server.drain?.deadline ?? Infinity));` },
  { name: 'routed-to-what-is-cut', breaks: 14, file: 'libs/core/src/step.ts', find: `  if (!areOrdersStopped(fleet)) drainCut(fleet, now);`, replace: `` },
];
