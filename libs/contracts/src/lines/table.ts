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
