const KEY = Symbol.for('berth.embedded.openFolders');

/**
 * The folders whose store is open in this process, by real path. LevelDB opens the lock file before it sees that
 * this very process holds it, and closing that second descriptor drops the process's lock: from then on another
 * process could open the store too. So a second open must be refused before LevelDB hears of it. The set is kept
 * on `globalThis`, for two copies of this module share the process and hence the lock.
 */
export function openFolders(): Set<string> {
  const shared = globalThis as { [KEY]?: Set<string> };
  shared[KEY] ??= new Set();
  return shared[KEY];
}
