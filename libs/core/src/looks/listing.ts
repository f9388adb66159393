import type { ModelId } from '../fleet/ids.js';
import type { IndexRow } from './look.js';

/** What an index says, read in one pass: a repository may list thousands, of which nearly all were never loaded. */
export interface Listing {
  /** All that is listed; what was known to be listed, itself, where that is the same. */
  readonly names: ReadonlySet<ModelId>;
  /** What this process has ever loaded, or tried to. */
  readonly touched: ReadonlySet<ModelId>;
  /** What shows a version, past its loading. */
  readonly versioned: ReadonlySet<ModelId>;
  /** The rows of what was touched, and of what is booked and was not. */
  readonly rows: ReadonlyMap<ModelId, readonly IndexRow[]>;
}

/**
 * Reads an index. It mostly lists what it did before, in the same order, and of thousands of rows that were never touched
 * hardly any is of something booked: they are gone over for that only where a booked model shows no other row.
 */
export function listingOf(
  index: readonly IndexRow[],
  known: ReadonlySet<ModelId>,
  booked: ReadonlySet<ModelId>,
): Listing {
  const touched = new Set<ModelId>();
  const versioned = new Set<ModelId>();
  const rows = new Map<ModelId, IndexRow[]>();
  for (const row of index) {
    if (!isTouched(row)) continue;
    const { model } = row;
    touched.add(model);
    if (isVersionRow(row)) versioned.add(model);
    keep(rows, row);
  }
  const rest = new Set([...booked].filter((model) => !rows.has(model)));
  if (rest.size > 0) for (const row of index) if (rest.has(row.model)) keep(rows, row);
  const names = listsJust(index, known) ? known : new Set(index.map(({ model }) => model));
  return { names, touched, versioned, rows };
}

function keep(rows: Map<ModelId, IndexRow[]>, row: IndexRow): void {
  const some = rows.get(row.model);
  if (some) some.push(row);
  else rows.set(row.model, [row]);
}

/** An untouched row is a directory that this process has never loaded. */
const isTouched = ({ version, state }: IndexRow): boolean => version !== '' || state !== '';

const isVersionRow = ({ version, state }: IndexRow): boolean => version !== '' && state !== 'LOADING';

/** Whether an index lists just these names in their order, the rows of each together. */
function listsJust(index: readonly IndexRow[], names: ReadonlySet<ModelId>): boolean {
  let at = 0;
  for (const name of names) {
    if (index[at]?.model !== name) return false;
    while (index[at]?.model === name) at += 1;
  }
  return at === index.length;
}
