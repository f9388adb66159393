import type {
  Outbox,
  OutboxChange,
  OutboxContents,
  StoredDeadLetter,
  StoredEvent,
  WaitingEvent,
} from '#engine';
import type { Rows, RowWrite } from './rows.js';
import { readTable, rowWrite, type Table } from './table.js';
import { decode, VALUES } from './values.js';

const EVENTS: Table<StoredEvent> = { prefix: 'told/event/', schema: VALUES.toldEvent };
const DEAD_LETTERS: Table<StoredDeadLetter> = { prefix: 'told/dead-letter/', schema: VALUES.toldDeadLetter };

/** The events that are to be told, kept in rows: one for each event and endpoint, and one more for each dead letter. */
export class OutboxStore implements Outbox {
  constructor(private readonly rows: Rows) {}

  async read(): Promise<OutboxContents> {
    const events = await readTable(this.rows, EVENTS, ({ endpoint, subject }): WaitingEvent => {
      return { endpoint, subject };
    });
    const deadLetters = await readTable(this.rows, DEAD_LETTERS);
    return {
      events: numbered(events.values),
      deadLetters: numbered(deadLetters.values),
      damaged: [...numbersIn(events.damaged, EVENTS), ...numbersIn(deadLetters.damaged, DEAD_LETTERS)],
    };
  }

  async event(number: number): Promise<StoredEvent | undefined> {
    const text = await this.rows.get(`${EVENTS.prefix}${keyOf(number)}`);
    return text === undefined ? undefined : decode(VALUES.toldEvent, text);
  }

  async write(changes: readonly OutboxChange[]): Promise<void> {
    await this.rows.write(changes.map(outboxWrite));
  }
}

/** The write of a row that keeps what is to be told. */
export function outboxWrite(change: OutboxChange): RowWrite {
  const { kind, number, value } = change;
  return kind === 'event'
    ? rowWrite(EVENTS, keyOf(number), value)
    : rowWrite(DEAD_LETTERS, keyOf(number), value);
}

const numbered = <T>(values: ReadonlyMap<string, T>): ReadonlyMap<number, T> =>
  new Map(Array.from(values, ([key, value]) => [Number(key), value] as const));

const numbersIn = (keys: readonly string[], { prefix }: { readonly prefix: string }): number[] =>
  keys.map((key) => Number(key.slice(prefix.length)));

/** Rows are read in the order of their keys. */
const keyOf = (number: number): string => String(number).padStart(16, '0');
