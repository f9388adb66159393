import type { SeedPlayed } from './sim-crew.js';

/** What many seeds came to, whatever the order in which they were done. */
export class Tally {
  readonly failed: SeedPlayed[] = [];
  readonly marks = new Map<string, number>();
  seeds = 0;
  turns = 0;
  events = 0;
  /** In ms. */
  simulated = 0;

  add(played: SeedPlayed): void {
    this.seeds += 1;
    this.turns += played.turns;
    this.events += played.events;
    this.simulated += played.simulated;
    for (const [name, count] of played.marks) this.marks.set(name, (this.marks.get(name) ?? 0) + count);
    if (played.failure !== undefined) this.failed.push(played);
  }

  /** The seeds that broke a promise, in their order. */
  violations(): readonly SeedPlayed[] {
    return this.failed.toSorted((one, other) => one.seed - other.seed);
  }

  neverReached(wanted: readonly string[]): readonly string[] {
    return wanted.filter((mark) => !this.marks.has(mark));
  }
}

const HOUR = 3_600_000;

/** How far it is, in one line. */
export function progressLine(tally: Tally, of: number, tookMs: number): string {
  const { seeds, simulated, events } = tally;
  const rates = [
    `${((seeds / tookMs) * 1_000).toFixed(2)} seeds/s`,
    `${(simulated / HOUR).toFixed(1)} simulated hours`,
    `${count(simulated / tookMs)} x real time`,
    `${(events / (simulated / 1_000)).toFixed(1)} events per simulated second`,
  ];
  const violations = tally.failed.length > 0 ? `, ${tally.failed.length} FAILED` : '';
  return `${seeds} of ${of} seeds: ${seeds === 0 ? 'none is done yet' : rates.join(', ')}${violations}`;
}

/** All of it, line by line; `wanted` are the marks that should be reached. */
export function tallyLines(tally: Tally, wanted: readonly string[], tookMs: number): string[] {
  const { seeds, simulated, turns, events } = tally;
  const isOther = (name: string): boolean => !wanted.includes(name);
  const others = [...tally.marks].filter(([name]) => isOther(name));
  const reached = [...tally.marks].filter(([name]) => !isOther(name));
  const missed = tally.neverReached(wanted);
  return [
    row('seeds', count(seeds)),
    row('simulated hours', (simulated / HOUR).toFixed(1)),
    row('turns', count(turns)),
    row('events', count(events)),
    row('events per simulated second', (events / (simulated / 1_000)).toFixed(2)),
    row('violations', count(tally.failed.length)),
    row('wall time', `${(tookMs / 1_000).toFixed(1)} s, ${count(simulated / tookMs)} x real time`),
    '',
    'what happened',
    ...markRows(others),
    '',
    `rare situations: ${reached.length} of ${wanted.length} reached`,
    ...markRows(reached),
    ...(missed.length > 0 ? ['', 'never reached', ...missed.map((name) => `  ${name}`)] : []),
  ];
}

const markRows = (marks: readonly (readonly [string, number])[]): string[] =>
  marks
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, times]) => row(`  ${name}`, count(times)));

const row = (name: string, value: string): string => `${name.padEnd(72)} ${value.padStart(14)}`.trimEnd();

/** 1234567 as 1,234,567, the same everywhere. */
const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
