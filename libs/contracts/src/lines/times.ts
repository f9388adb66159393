const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time as people say it: `250 ms`, `1.9 s`, `12 s`, `5 min`, `3 h`, `9 d`. */
export function lasting(millis: number): string {
  if (millis < SECOND) return `${Math.round(millis)} ms`;
  if (millis < 10 * SECOND) return `${trimmed(millis / SECOND)} s`;
  if (millis < 2 * MINUTE) return `${Math.round(millis / SECOND)} s`;
  if (millis < 2 * HOUR) return `${Math.round(millis / MINUTE)} min`;
  if (millis < 2 * DAY) return `${Math.round(millis / HOUR)} h`;
  return `${Math.round(millis / DAY)} d`;
}

/** How far a moment is away: `12 s ago`, `in 5 min`. What is no moment is shown as it came. */
export function away(time: string, now: number): string {
  const millis = Date.parse(time) - now;
  if (Number.isNaN(millis)) return time;
  if (Math.abs(millis) < SECOND) return 'now';
  return millis < 0 ? `${lasting(-millis)} ago` : `in ${lasting(millis)}`;
}

const trimmed = (seconds: number): string => String(Math.round(seconds * 10) / 10);
