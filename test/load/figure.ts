import { availableParallelism, cpus } from 'node:os';

/** One measured number, beside what it should be. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
  readonly met: boolean;
  /** What else was seen on the way to it. */
  readonly details: Readonly<Record<string, unknown>>;
}

const MACHINE = { cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };

/** One line of JSON for programs; what is for people goes to stderr. */
export function tell({ details, value, ...figure }: Figure): void {
  process.stdout.write(
    `${JSON.stringify({ ...figure, value: rounded(value), ...details, machine: MACHINE })}\n`,
  );
}

export function hint(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** Three digits say more than the measurement knows. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

/** The value that so large a share of all does not exceed; 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.ceil(share * sorted.length) - 1;
  return sorted[Math.max(0, at)] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
