import type {
  AuditChain,
  Declarations,
  Declared,
  StoredAnswer,
  AuditRow,
  AuditHeadRow,
  DeclarationChange,
  StoredAlert,
  DeclaredFreeze,
  StoredHook,
  DeclaredModel,
  StoredOrders,
  DeclaredServer,
  Written,
} from '#engine';
import { outboxWrite } from './outbox-store.js';
import type { Rows, RowWrite } from './rows.js';
import { StoreUnusable } from './store-unusable.js';
import { readTable, rowWrite, type Table } from './table.js';
import { decode, VALUES } from './values.js';

const MODELS: Table<DeclaredModel> = { prefix: 'told/model/', schema: VALUES.toldModel };
const SERVERS: Table<DeclaredServer> = { prefix: 'told/server/', schema: VALUES.toldServer };
/** One row at most. */
const FREEZES: Table<DeclaredFreeze> = { prefix: 'told/fleet/', schema: VALUES.toldFreeze };
const FREEZE = 'freeze';
/** A store of before has none. */
const ORDERS: Table<StoredOrders> = { prefix: 'told/orders/', schema: VALUES.toldOrders };
const ANSWERS: Table<StoredAnswer> = { prefix: 'told/answer/', schema: VALUES.toldAnswer };
const HOOKS: Table<StoredHook> = { prefix: 'told/hook/', schema: VALUES.toldHook };
const EPISODES: Table<StoredAlert> = { prefix: 'told/episode/', schema: VALUES.toldEpisode };
/** Up to 100,000 rows each: they are read one by one, when they are asked for. A store of before has that of admins alone. */
const AUDIT: Readonly<Record<AuditChain, Table<AuditRow>>> = {
  admins: { prefix: 'told/audit/', schema: VALUES.toldAudit },
  programs: { prefix: 'told/audit-programs/', schema: VALUES.toldAudit },
};
/** A row for each chain. */
const AUDIT_HEADS: Table<AuditHeadRow> = { prefix: 'told/audit-head/', schema: VALUES.toldAuditHead };
const AUDIT_HEAD = { admins: 'head', programs: 'programs' } as const;

/** What we were told, kept. A value that makes no sense is not guessed at: no pin may be lost in silence. */
export class DeclarationStore implements Declarations {
  constructor(private readonly rows: Rows) {}

  async read(): Promise<Declared> {
    const damaged: string[] = [];
    const valuesOf = async <T, Part = T>(table: Table<T>, part?: (value: T) => Part) => {
      const read = await readTable(this.rows, table, part);
      damaged.push(...read.damaged);
      return read.values;
    };
    const told: Declared = {
      models: await valuesOf(MODELS),
      servers: await valuesOf(SERVERS),
      freeze: (await valuesOf(FREEZES)).get(FREEZE) ?? null,
      orders: await valuesOf(ORDERS),
      answers: await valuesOf(ANSWERS, ({ at }) => at),
      hooks: await valuesOf(HOOKS),
      episodes: await valuesOf(EPISODES),
    };
    if (damaged.length > 0) throw new StoreUnusable('damaged', damagedMessage(this.rows.place, damaged));
    return told;
  }

  answer(key: string): Promise<StoredAnswer | undefined> {
    return this.value(ANSWERS, key);
  }

  auditHead(chain: AuditChain): Promise<AuditHeadRow | undefined> {
    return this.value(AUDIT_HEADS, AUDIT_HEAD[chain]);
  }

  auditRecord(chain: AuditChain, number: number): Promise<AuditRow | undefined> {
    return this.value(AUDIT[chain], auditKey(number));
  }

  async write(changes: readonly DeclarationChange[]): Promise<Written> {
    return this.rows.write(changes.map(writeOf));
  }

  private async value<T>({ prefix, schema }: Table<T>, name: string): Promise<T | undefined> {
    const row = `${prefix}${name}`;
    const text = await this.rows.get(row);
    if (text === undefined) return undefined;
    const value = decode(schema, text);
    if (value === undefined) throw new StoreUnusable('damaged', damagedMessage(this.rows.place, [row]));
    return value;
  }
}

/** What the operator is told about values that make no sense. */
export function damagedMessage(folder: string, keys: readonly string[]): string {
  const listed = keys.slice(0, 10).join(', ') + (keys.length > 10 ? ` and ${keys.length - 10} more` : '');
  return (
    `the store in ${folder} holds values that make no sense, under: ${listed}. ` +
    'Put a copy of the folder back, or move it away to begin anew and declare again what was declared over the API'
  );
}

function writeOf(change: DeclarationChange): RowWrite {
  switch (change.kind) {
    case 'model':
      return rowWrite(MODELS, change.name, change.value);
    case 'server':
      return rowWrite(SERVERS, change.id, change.value);
    case 'freeze':
      return rowWrite(FREEZES, FREEZE, change.value);
    case 'orders':
      return rowWrite(ORDERS, change.model, change.value);
    case 'answer':
      return rowWrite(ANSWERS, change.key, change.value);
    case 'hook':
      return rowWrite(HOOKS, change.key, change.value);
    case 'episode':
      return rowWrite(EPISODES, change.key, change.value);
    case 'audit':
      return rowWrite(AUDIT[change.chain], auditKey(change.number), change.value);
    case 'auditHead':
      return rowWrite(AUDIT_HEADS, AUDIT_HEAD[change.chain], change.value);
    case 'event':
    case 'deadLetter':
      return outboxWrite(change);
  }
}

/** An export of the store lists records in their order. */
const auditKey = (number: number): string => String(number).padStart(16, '0');
