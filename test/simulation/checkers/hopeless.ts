import type { FailureCause, Fleet, ModelId } from '#core';

/**
 * What cannot be loaded for a lasting cause is tried again and again, and never ready. Nor is what lacks memory while
 * its config was never seen: it may be an ensemble, whose steps come with it and fit nowhere.
 */
export function failsToLoad({ cooldowns, servers }: Readonly<Fleet>, id: ModelId): boolean {
  const isKnown = [...servers.values()].some(({ configs }) => configs.has(id));
  return [...cooldowns.values()].some(
    ({ model, cause }) => model === id && (LASTING.has(cause) || (cause === 'capacity' && !isKnown)),
  );
}

const LASTING: ReadonlySet<FailureCause> = new Set(['configuration', 'missing']);
