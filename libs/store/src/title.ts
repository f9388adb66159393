import type { Rows, RowWrite } from './rows.js';
import { StoreUnusable } from './store-unusable.js';
import { damagedMessage } from './declaration-store.js';
import { decode, encode, VALUES } from './values.js';

/** How values are laid out in the store. A store of another layout is refused. */
const SCHEMA_VERSION = 1;

/** The row that every store of Berth has. */
export const TITLE_KEY = 'meta/schema';

const KEYS = { schema: TITLE_KEY, fleet: 'meta/fleet', term: 'meta/term' } as const;

/**
 * Checks which installation the store belongs to, writes that down where the store is new, and begins the next term.
 * Nothing is written to a store that is not ours. Hands back the number of the term: the given one, or the next.
 */
export async function beginTerm(rows: Rows, fleet: string, given?: number): Promise<number> {
  const last = await lastTerm(rows, fleet);
  const term = given ?? last + 1;
  await rows.write([
    { key: KEYS.schema, text: encode(VALUES.schema, KEYS.schema, SCHEMA_VERSION) },
    { key: KEYS.fleet, text: encode(VALUES.fleet, KEYS.fleet, fleet) },
    termRow(term),
  ]);
  return term;
}

/** The row that says which term this is. */
export function termRow(term: number): RowWrite {
  return { key: KEYS.term, text: encode(VALUES.term, KEYS.term, term) };
}

async function lastTerm(rows: Rows, fleet: string): Promise<number> {
  const written = await rows.get(KEYS.schema);
  if (written === undefined) {
    await refuseUnlessEmpty(rows);
    return 0;
  }
  const version = decode(VALUES.schema, written);
  if (version === undefined) throw damaged(rows, KEYS.schema);
  if (version !== SCHEMA_VERSION) {
    const message = `the store in ${rows.place} has layout ${version}; this version of Berth reads layout ${SCHEMA_VERSION}`;
    throw new StoreUnusable('other_version', message);
  }
  const owner = decode(VALUES.fleet, (await rows.get(KEYS.fleet)) ?? '');
  if (owner === undefined) throw damaged(rows, KEYS.fleet);
  if (owner !== fleet) {
    const message = `the store in ${rows.place} belongs to the installation "${owner}", not to "${fleet}"`;
    throw new StoreUnusable('other_fleet', message);
  }
  const term = decode(VALUES.term, (await rows.get(KEYS.term)) ?? '');
  if (term === undefined) throw damaged(rows, KEYS.term);
  return term;
}

/** A database without our mark that holds something belongs to another program. */
async function refuseUnlessEmpty(rows: Rows): Promise<void> {
  for await (const _ of rows.read(''))
    throw new StoreUnusable(
      'damaged',
      `the store in ${rows.place} was not made by Berth: it lacks ${KEYS.schema}`,
    );
}

function damaged(rows: Rows, key: string): StoreUnusable {
  return new StoreUnusable('damaged', damagedMessage(rows.place, [key]));
}
