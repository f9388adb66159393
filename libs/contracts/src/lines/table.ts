import { clipped, printable } from './printable.js';

/** A column of a table, and how a row fills it. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

const GAP = '   ';
const WIDEST = 120;

/** The lines of a table: a title over each column, each column as wide as it must be. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const titles = columns.map(({ title }) => title);
  const body = rows.map((row) => columns.map(({ cell }) => shown(cell(row))));
  const widths = columns.map((_, at) => widest([titles, ...body], at));
  return [titles, ...body].map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join(GAP)
      .trimEnd(),
  );
}

/** An empty cell would shift the eye, and what `awk` counts. */
const shown = (cell: string): string => (cell === '' ? '-' : clipped(printable(cell), WIDEST));

const widest = (rows: readonly (readonly string[])[], at: number): number =>
  rows.reduce((width, cells) => Math.max(width, cells[at]!.length), 0);

const MAX_LINES = 1_000;

/** A table after an empty line, and how many rows are left out; nothing where there are no rows. */
export function section<Row>(rows: readonly Row[], columns: readonly Column<Row>[], leftOut = 0): string[] {
  if (rows.length === 0) return [];
  const more = leftOut + Math.max(0, rows.length - MAX_LINES);
  return ['', ...table(columns, rows.slice(0, MAX_LINES)), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** 1,000 lines at most, of which the last tells how many more there are: a message has them beside all that they tell. */
export const bounded = (lines: readonly string[]): string[] =>
  lines.length <= MAX_LINES
    ? lines.map(printable)
    : [...lines.slice(0, MAX_LINES - 1).map(printable), `and ${lines.length - MAX_LINES + 1} more lines`];
