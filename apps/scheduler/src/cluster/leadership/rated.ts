const MINUTE_MS = 60_000;
const MAX_LINES = 4;

/** Passes on at most four things a minute: of those beyond only the last one, once the minute is over. */
export function rated<Told>(tell: (told: Told) => void): (told: Told) => void {
  let lines = 0;
  let last: Told[] = [];
  return function hear(told) {
    if (lines === MAX_LINES) return void (last = [told]);
    lines += 1;
    if (lines === 1) setTimeout(() => ((lines = 0), last.splice(0).forEach(hear)), MINUTE_MS).unref();
    tell(told);
  };
}
