import type { ModelId } from '../fleet/ids.js';
import { appendTo } from '../numbers/groups.js';
import type { IndexRow } from './look.js';

/** What a repository index says. */
export interface Listing {
  /** All models that are listed: the very set of before where they are the same. */
  readonly names: ReadonlySet<ModelId>;
  /** Models that the present process of Triton has ever loaded, or tried to. */
  readonly touched: ReadonlySet<ModelId>;
  /** Models with a version that is not just loading. */
  readonly versioned: ReadonlySet<ModelId>;
  /** The rows of touched models and of booked ones. */
  readonly rows: ReadonlyMap<ModelId, readonly IndexRow[]>;
}

/**
 * Reads an index. Of thousands of rows nearly all are untouched, and hardly any of these is of a booked model. So they
 * are gone over a second time only where a booked model has no touched row.
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
    const { model, version, state } = row;
    if (version === '' && state === '') continue;
    touched.add(model);
    if (version !== '' && state !== 'LOADING') versioned.add(model);
    appendTo(rows, model, row);
  }
  const rest = new Set([...booked].filter((model) => !rows.has(model)));
  if (rest.size > 0) for (const row of index) if (rest.has(row.model)) appendTo(rows, row.model, row);
  const names = listsJust(index, known) ? known : new Set(index.map(({ model }) => model));
  return { names, touched, versioned, rows };
}

/** Whether an index lists these names and no other, in their order. */
function listsJust(index: readonly IndexRow[], names: ReadonlySet<ModelId>): boolean {
  let at = 0;
  for (const name of names) {
    if (index[at]?.model !== name) return false;
    while (index[at]?.model === name) at += 1;
  }
  return at === index.length;
}
