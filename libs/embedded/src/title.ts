import type { ClassicLevel } from 'classic-level';
import { StoreUnusable } from './store-unusable.js';
import { writeAll } from './table.js';
import { damagedMessage } from './told-store.js';
import { decode, encode, VALUES } from './values.js';

/** How values are laid out in the store. A store of another layout is refused. */
const SCHEMA_VERSION = 1;

const KEYS = { schema: 'meta/schema', fleet: 'meta/fleet', term: 'meta/term' } as const;

/**
 * Checks which installation the store belongs to, writes that down where the store is new, and begins the next reign.
 * Nothing is written to a store that is not ours. Hands back the number of the reign.
 */
export async function beginTerm(db: ClassicLevel, fleet: string): Promise<number> {
  const last = await lastTerm(db, fleet);
  const term = last + 1;
  await writeAll(db, [
    { key: KEYS.schema, text: encode(VALUES.schema, KEYS.schema, SCHEMA_VERSION) },
    { key: KEYS.fleet, text: encode(VALUES.fleet, KEYS.fleet, fleet) },
    { key: KEYS.term, text: encode(VALUES.term, KEYS.term, term) },
  ]);
  return term;
}

async function lastTerm(db: ClassicLevel, fleet: string): Promise<number> {
  const written = await db.get(KEYS.schema);
  if (written === undefined) {
    await refuseUnlessEmpty(db);
    return 0;
  }
  const version = decode(VALUES.schema, written);
  if (version === undefined) throw damaged(db, KEYS.schema);
  if (version !== SCHEMA_VERSION) {
    const message = `the store in ${db.location} has layout ${version}; this version of Berth reads layout ${SCHEMA_VERSION}`;
    throw new StoreUnusable('other_version', message);
  }
  const owner = decode(VALUES.fleet, (await db.get(KEYS.fleet)) ?? '');
  if (owner === undefined) throw damaged(db, KEYS.fleet);
  if (owner !== fleet) {
    const message = `the store in ${db.location} belongs to the installation "${owner}", not to "${fleet}"`;
    throw new StoreUnusable('other_fleet', message);
  }
  const term = decode(VALUES.term, (await db.get(KEYS.term)) ?? '');
  if (term === undefined) throw damaged(db, KEYS.term);
  return term;
}

/** A database without our mark that holds something belongs to another program. */
async function refuseUnlessEmpty(db: ClassicLevel): Promise<void> {
  const [key] = await db.keys({ limit: 1 }).all();
  if (key === undefined) return;
  throw new StoreUnusable(
    'damaged',
    `the store in ${db.location} was not made by Berth: it lacks ${KEYS.schema}`,
  );
}

function damaged(db: ClassicLevel, key: string): StoreUnusable {
  return new StoreUnusable('damaged', damagedMessage(db.location, [key]));
}
