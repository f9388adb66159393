import { median } from '../figure.js';

/** What was read of the process at one moment. */
export interface Reading {
  /** Since the soak began, in ms. */
  readonly at: number;
  readonly residentMb: number;
  readonly files: number;
}

/** How often something was asked, and what came of it. */
export interface Asked {
  readonly count: number;
  readonly failed: readonly string[];
  /** The slowest answer, in ms. */
  readonly slowest: number;
}

/** What the watcher has seen. */
export interface Watched {
  readonly readings: readonly Reading[];
  /** What of its heap was in use after a collection, in MiB: the first time once it has settled, then as often again. */
  readonly heapsMb: readonly number[];
  readonly warm: Asked;
  readonly health: Asked;
  /** How late this very process was at most: what is over that is not Berth's. */
  readonly ownLagMs: number;
}

/** All that was seen. */
export interface SoakSeen extends Watched {
  readonly lastedMs: number;
  /** What the hostile clients and the churn did, by kind. */
  readonly done: Readonly<Record<string, number>>;
}

/** One line of the table. */
export interface Judged {
  readonly what: string;
  readonly seen: string;
  readonly goal: string;
  readonly met: boolean;
}

const SETTLES_MS = 300_000;
const GROWTH_PERCENT = 10;
const HEALTH_MS = 1_000;
/** What is compared: the first and the last share of what was read after it has settled. */
const SHARE = 0.2;

/** From when on memory may not grow any more, in ms. A short soak settles for the third of its time. */
export const settledAt = (lastedMs: number): number => Math.min(SETTLES_MS, lastedMs / 3);

/** Compares what was seen with the goals. */
export function judge({ lastedMs, readings, heapsMb, warm, health, ownLagMs }: SoakSeen): readonly Judged[] {
  const settled = readings.filter(({ at }) => at >= settledAt(lastedMs));
  const resident = settled.map(({ residentMb }) => residentMb);
  return [
    growth('memory (RSS, median)', resident),
    growth('heap in use after a collection', heapsMb),
    {
      ...{ what: 'warm resolves', seen: `${warm.failed.length} of ${warm.count} failed`, goal: 'none fails' },
      met: warm.count > 0 && warm.failed.length === 0,
    },
    {
      what: 'health',
      seen: `${health.count} answers, ${health.failed.length} failed, the slowest after ${health.slowest.toFixed(0)} ms`,
      goal: `all within ${HEALTH_MS} ms (the asker itself was ${ownLagMs.toFixed(0)} ms late at most)`,
      met: health.count > 0 && health.failed.length === 0 && health.slowest <= HEALTH_MS,
    },
  ];
}

function growth(what: string, values: readonly number[]): Judged {
  const part = Math.max(1, Math.floor(values.length * SHARE));
  const [early, late] = [median(values.slice(0, part)), median(values.slice(-part))];
  const percent = (late / early - 1) * 100;
  return {
    ...{ what, goal: `<= ${GROWTH_PERCENT} % more after it has settled` },
    seen: `${early.toFixed(0)} -> ${late.toFixed(0)} MiB (${percent.toFixed(1)} %)`,
    met: values.length > 1 && percent <= GROWTH_PERCENT,
  };
}

/** The table, and what failed first of each kind. */
export function tableOf(seen: SoakSeen): string {
  const judged = judge(seen);
  const rows = judged.map(({ what, seen: found, goal, met }) => [met ? 'met' : 'MISSED', what, found, goal]);
  const done = Object.entries(seen.done).map(([kind, times]) => `  ${kind}: ${times}`);
  const failures = [...seen.warm.failed, ...seen.health.failed].slice(0, 10).map((text) => `  ${text}`);
  return [
    `soak of ${(seen.lastedMs / 60_000).toFixed(1)} minutes`,
    ...aligned(rows),
    'what was done meanwhile:',
    ...done,
    ...(failures.length > 0 ? ['what failed first:', ...failures] : []),
    '',
  ].join('\n');
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}
