import type { Footprint, LoadTimes, ModelId } from '#core';
import type {
  Learned,
  LearnedChange,
  LearnedFacts,
  LearnedLeases,
  LearnedLoadTimes,
  LearnedServer,
  LearnedWant,
} from '#engine';
import type { Rows, RowWrite } from './rows.js';
import { readTable, rowWrite, type Table } from './table.js';
import { VALUES } from './values.js';

const SERVERS: Table<LearnedServer> = { prefix: 'learned/server/', schema: VALUES.learnedServer };
const ORDERED: Table<readonly ModelId[]> = { prefix: 'learned/ordered/', schema: VALUES.ordered };
const STEPS: Table<readonly ModelId[]> = { prefix: 'learned/steps/', schema: VALUES.steps };
/** Models without steps: in a table of their own, since an older version takes all of the other one for ensembles. */
const PLAIN: Table<readonly ModelId[]> = { prefix: 'learned/plain/', schema: VALUES.steps };
const LOAD_TIMES: Table<LearnedLoadTimes> = { prefix: 'learned/load-took/', schema: VALUES.loadTimes };
const LOAD_PACES: Table<LoadTimes> = { prefix: 'learned/load-pace/', schema: VALUES.loadPace };
const FOOTPRINTS: Table<Footprint> = { prefix: 'learned/footprint/', schema: VALUES.footprint };
const WANTS: Table<readonly LearnedWant[]> = { prefix: 'learned/wants/', schema: VALUES.wants };
/** The only row of its table. */
const HOUR = 'hour';

const LEASES: Table<LearnedLeases> = { prefix: 'learned/leases/', schema: VALUES.leases };

/** What we learned, kept. A value that makes no sense is told, left out, and learned anew. */
export class LearnedStore implements Learned {
  constructor(
    private readonly rows: Rows,
    private readonly onDamage: (key: string) => void,
  ) {}

  async read(): Promise<LearnedFacts> {
    return {
      servers: await this.valuesOf(SERVERS),
      ordered: await this.valuesOf(ORDERED),
      steps: new Map<ModelId, readonly ModelId[]>([
        ...(await this.valuesOf<ModelId, readonly ModelId[]>(PLAIN)),
        ...(await this.valuesOf<ModelId, readonly ModelId[]>(STEPS)),
      ]),
      loadTimes: await this.valuesOf(LOAD_TIMES),
      loadPaces: await this.valuesOf(LOAD_PACES),
      footprints: await this.valuesOf(FOOTPRINTS),
      leases: await this.valuesOf(LEASES),
      wants: (await this.valuesOf(WANTS)).get(HOUR) ?? [],
    };
  }

  async write(changes: readonly LearnedChange[]): Promise<void> {
    await this.rows.write(changes.flatMap(writesOf));
  }

  private async valuesOf<Id extends string, T>(table: Table<T>): Promise<ReadonlyMap<Id, T>> {
    const { values, damaged } = await readTable(this.rows, table);
    for (const key of damaged) this.onDamage(key);
    return values as ReadonlyMap<Id, T>;
  }
}

function writesOf(change: LearnedChange): RowWrite | readonly RowWrite[] {
  switch (change.kind) {
    case 'server':
      return rowWrite(SERVERS, change.server, change.value);
    case 'ordered':
      return rowWrite(ORDERED, change.server, change.value);
    case 'steps':
      return stepsWrites(change.model, change.value);
    case 'loadTimes':
      return rowWrite(LOAD_TIMES, change.model, change.value);
    case 'loadPace':
      return rowWrite(LOAD_PACES, change.server, change.value);
    case 'leases':
      return rowWrite(LEASES, change.server, change.value);
    case 'footprint':
      return rowWrite(FOOTPRINTS, change.model, change.value);
    case 'wants':
      return rowWrite(WANTS, HOUR, change.value);
  }
}

function stepsWrites(model: ModelId, steps: readonly ModelId[] | null): readonly RowWrite[] {
  const isPlain = steps?.length === 0;
  return [rowWrite(STEPS, model, isPlain ? null : steps), rowWrite(PLAIN, model, isPlain ? steps : null)];
}
