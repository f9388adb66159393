import { actUponAll, withdraw } from './acting.js';
import { poll } from './polling.js';
import type { LoadOrder } from './polling.js';
import type { ProcessState } from './process-state.js';

/** Why a load failed: a directory could not be read, nothing came of it, or what Triton says of the versions. */
export type LoadProblem =
  { readonly kind: 'poll' | 'no version' } | { readonly kind: 'failed'; readonly detail: string };

/** Loads one model, and whatever must be loaded or unloaded with it; the caller holds the locks. */
export function loadModel(
  process: ProcessState,
  order: LoadOrder,
  claim: ReadonlySet<string>,
  done: (problem?: LoadProblem) => void,
): void {
  const { isComplete, affected } = poll(process, order);
  actUponAll(process, { claim, affected }, (problems) => {
    const detail = problems.get(order.name);
    if (detail !== undefined) return done({ kind: 'failed', detail });
    if (!isComplete) return done({ kind: 'poll' });
    const rows = process.lives.get(order.name)?.rows.size ?? 0;
    done(rows === 0 ? { kind: 'no version' } : undefined);
  });
}

/** Unloads a model, and the ensembles that have it as a step; the caller holds the locks. */
export function unloadModel(
  process: ProcessState,
  { name, withSteps }: { readonly name: string; readonly withSteps: boolean },
  claim: ReadonlySet<string>,
  done: () => void,
): void {
  const { removed, affected } = process.known.remove(name, withSteps);
  for (const one of removed) withdraw(process, one);
  actUponAll(process, { claim, affected }, () => done());
}
