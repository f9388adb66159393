import type { Event, Pulse, Ready, Replica } from '#core';

/** Failures without a success in between that mark a copy as failing. */
const FAILURES = 3;

/** What was last counted of a copy; what drains keeps it until its unload is sent. */
export const pulseOf = (replica: Replica | undefined): Pulse | null =>
  replica?.phase === 'ready' || replica?.phase === 'draining' ? replica.pulse : null;

/** Whether a copy only fails, by what was counted of it. */
export const onlyFails = (replica: Replica | undefined): boolean =>
  (pulseOf(replica)?.failures ?? 0) >= FAILURES;

/** The first counts of a copy may be its warm-up; counts that fall are those of a fresh copy. */
export const isFirst = (
  was: Pulse | null,
  { succeeded, failed }: Pick<Pulse, 'succeeded' | 'failed'>,
): boolean => was === null || succeeded < was.succeeded || failed < was.failed;

export const hasSucceeded = (was: Pulse | null, now: Pick<Pulse, 'succeeded' | 'failed'>): boolean =>
  was !== null && !isFirst(was, now) && now.succeeded > was.succeeded;

/** A copy as the looks of a turn left it, by which the turn then decided: the third failure may have been told in it. */
export function asLookedAt(was: Ready, events: readonly Event[]): Ready {
  const looks = events.flatMap((event) =>
    event.kind === 'Looked' && event.server === was.server ? [event.look] : [],
  );
  return looks.reduce<Ready>((copy, { serving }) => {
    const rows = serving.filter(({ model }) => model === was.model);
    return rows.length === 0 ? copy : { ...copy, pulse: pulseAfter(copy.pulse, rows) };
  }, was);
}

function pulseAfter(was: Pulse | null, rows: readonly Omit<Pulse, 'failures' | 'recent'>[]): Pulse {
  const sumOf = (key: 'succeeded' | 'failed'): number => rows.reduce((sum, row) => sum + row[key], 0);
  const [succeeded, failed] = [sumOf('succeeded'), sumOf('failed')];
  const lastInference = Math.max(...rows.map((row) => row.lastInference));
  const counts = { lastInference, succeeded, failed };
  const isNew = !was || succeeded !== was.succeeded || failed < was.failed;
  return { ...counts, recent: [], failures: isNew ? 0 : was.failures + failed - was.failed };
}
