import type { ClassicLevel } from 'classic-level';
import type { Footprint, LoadTimes, ModelId, ServerId } from '#core';
import type {
  Learned,
  LearnedChange,
  LearnedFacts,
  LearnedLeases,
  LearnedLoadTimes,
  LearnedServer,
} from '#engine';
import { readTable, rowWrite, writeAll, type Table, type Write } from './table.js';
import { VALUES } from './values.js';

const SERVERS: Table<LearnedServer> = { prefix: 'learned/server/', schema: VALUES.learnedServer };
const ORDERED: Table<readonly ModelId[]> = { prefix: 'learned/ordered/', schema: VALUES.ordered };
const STEPS: Table<readonly ModelId[]> = { prefix: 'learned/steps/', schema: VALUES.steps };
const LOAD_TIMES: Table<LearnedLoadTimes> = { prefix: 'learned/load-took/', schema: VALUES.loadTimes };
const LOAD_PACES: Table<LoadTimes> = { prefix: 'learned/load-pace/', schema: VALUES.loadPace };
const FOOTPRINTS: Table<Footprint> = { prefix: 'learned/footprint/', schema: VALUES.footprint };

const LEASES: Table<LearnedLeases> = { prefix: 'learned/leases/', schema: VALUES.leases };

/** What we learned, on disk. A value that makes no sense is told, left out, and learned anew. */
export class LearnedStore implements Learned {
  constructor(
    private readonly db: ClassicLevel,
    private readonly onDamage: (key: string) => void,
  ) {}

  async read(): Promise<LearnedFacts> {
    const servers = await readTable(this.db, SERVERS);
    const ordered = await readTable(this.db, ORDERED);
    const steps = await readTable(this.db, STEPS);
    const loadTimes = await readTable(this.db, LOAD_TIMES);
    const loadPaces = await readTable(this.db, LOAD_PACES);
    const footprints = await readTable(this.db, FOOTPRINTS);
    const leases = await readTable(this.db, LEASES);
    const tables = [servers, ordered, steps, loadTimes, loadPaces, footprints, leases];
    for (const key of tables.flatMap(({ damaged }) => damaged)) this.onDamage(key);
    return {
      servers: servers.rows as ReadonlyMap<ServerId, LearnedServer>,
      ordered: ordered.rows as ReadonlyMap<ServerId, readonly ModelId[]>,
      steps: steps.rows as ReadonlyMap<ModelId, readonly ModelId[]>,
      loadTimes: loadTimes.rows as ReadonlyMap<ModelId, LearnedLoadTimes>,
      loadPaces: loadPaces.rows as ReadonlyMap<ServerId, LoadTimes>,
      footprints: footprints.rows as ReadonlyMap<ModelId, Footprint>,
      leases: leases.rows as ReadonlyMap<ServerId, LearnedLeases>,
    };
  }

  async write(changes: readonly LearnedChange[]): Promise<void> {
    await writeAll(this.db, changes.map(writeOf));
  }
}

function writeOf(change: LearnedChange): Write {
  switch (change.kind) {
    case 'server':
      return rowWrite(SERVERS, change.server, change.value);
    case 'ordered':
      return rowWrite(ORDERED, change.server, change.value);
    case 'steps':
      return rowWrite(STEPS, change.model, change.value);
    case 'loadTimes':
      return rowWrite(LOAD_TIMES, change.model, change.value);
    case 'loadPace':
      return rowWrite(LOAD_PACES, change.server, change.value);
    case 'leases':
      return rowWrite(LEASES, change.server, change.value);
    case 'footprint':
      return rowWrite(FOOTPRINTS, change.model, change.value);
  }
}
