import type { DeclarationChange, StoredDeadLetter, StoredEvent } from './declarations.js';

/** A change of what is to be told: an event or a dead letter, replaced or removed. */
export type OutboxChange = Extract<DeclarationChange, { readonly kind: 'event' | 'deadLetter' }>;

/** An event without what it says: enough to know its turn. */
export type WaitingEvent = Pick<StoredEvent, 'endpoint' | 'subject'>;

/** All events that are kept, in the order of their numbers, and those of them that are dead letters. */
export interface OutboxContents {
  readonly events: ReadonlyMap<number, WaitingEvent>;
  readonly deadLetters: ReadonlyMap<number, StoredDeadLetter>;
  /** The numbers under which there is something that makes no sense. */
  readonly damaged: readonly number[];
}

/**
 * Keeps the events that are to be told until they were told. It survives crashes from the moment that `write` resolves.
 * An event that is a dead letter stays an event: the dead letter says why it is not told any more.
 */
export interface Outbox {
  read(): Promise<OutboxContents>;
  /** The event of a number; undefined where it is not kept. */
  event(number: number): Promise<StoredEvent | undefined>;
  /** All of it or none, in the order of the calls. */
  write(changes: readonly OutboxChange[]): Promise<void>;
}
