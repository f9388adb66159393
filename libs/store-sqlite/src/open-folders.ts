const KEY = Symbol.for('berth.embedded.openFolders');

/**
 * The folders whose store is open in this process, by real path. The system's lock of a file belongs to the whole
 * process, and closing any descriptor of that file drops it: from then on another process could open the store too.
 * So a second open must be refused before the lock file is opened. The set is kept on `globalThis`, for two copies of
 * this module share the process and hence the lock.
 */
export function openFolders(): Set<string> {
  const shared = globalThis as { [KEY]?: Set<string> };
  shared[KEY] ??= new Set();
  return shared[KEY];
}
