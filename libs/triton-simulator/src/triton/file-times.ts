/** When what lies in a model's directory was last changed. Moments are counted, not timed: a later change has a higher one. */
export interface FileTimes {
  readonly config: number;
  readonly versions: ReadonlyMap<number, number>;
}

/** Older than any file. */
export const NEVER: FileTimes = { config: 0, versions: new Map() };

/** The same files, some of them changed now. */
export function later(
  times: FileTimes,
  now: number,
  changed: { readonly config?: number; readonly versions?: readonly number[] },
): FileTimes {
  const versions = new Map(times.versions);
  for (const version of changed.versions ?? []) versions.set(version, now);
  return { config: changed.config ?? times.config, versions };
}

/** Whether anything in the directory has changed: Triton compares the newest of all files, whichever it is. */
export function isModified(before: FileTimes, now: FileTimes): boolean {
  return newest(now) > newest(before);
}

/** Whether the files of one version have changed. */
export function isVersionModified(before: FileTimes, now: FileTimes, version: number): boolean {
  return (now.versions.get(version) ?? 0) > (before.versions.get(version) ?? 0);
}

function newest({ config, versions }: FileTimes): number {
  return Math.max(config, ...versions.values());
}
