import type { OutboxChange, OutboxContents, StoredDeadLetter } from '#engine';
import type { Dead } from './deliveries.js';

/** Bound of dead letters of one endpoint; the oldest make room. */
const MAX_KEPT = 1_000;
const DAY_MS = 24 * 3_600_000;
const KEPT_MS = 7 * DAY_MS;

/** A dead letter, without what its event says. */
export type KnownLetter = StoredDeadLetter & { readonly endpoint: string };

/** The events that are not told any more. Their rows are in the store; in memory is why each is dead, by its number. */
export class DeadLetters {
  private readonly letters = new Map<number, KnownLetter>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly mostKept = MAX_KEPT) {}

  get size(): number {
    return this.letters.size;
  }

  /** Takes up what the store holds. */
  recall({ events, deadLetters }: OutboxContents): void {
    for (const [number, letter] of deadLetters) {
      const event = events.get(number);
      if (event) this.put(number, { ...letter, endpoint: event.endpoint });
    }
  }

  has(number: number): boolean {
    return this.letters.has(number);
  }

  get(number: number): KnownLetter | undefined {
    return this.letters.get(number);
  }

  countOf(endpoint: string): number {
    return this.counts.get(endpoint) ?? 0;
  }

  /** Adds what is dead. Answers with what has to be stored for that, older letters that make room included. */
  add(dead: readonly Dead[], at: string): OutboxChange[] {
    const gone: number[] = [];
    for (const { endpoint, number, cause, attempts } of dead) {
      this.put(number, { endpoint, cause, attempts, at });
      if (this.countOf(endpoint) > this.mostKept) gone.push(this.takeOldest(endpoint));
    }
    const kept = dead.filter(({ number }) => this.letters.has(number));
    return [
      ...kept.map(({ number, cause, attempts }): OutboxChange => {
        return { kind: 'deadLetter', number, value: { cause, at, attempts } };
      }),
      ...gone.flatMap((number) => removalOf(number)),
    ];
  }

  /** Forgets one: it is told again, was dropped or lost. Answers whether it was there. */
  delete(number: number): boolean {
    const letter = this.letters.get(number);
    if (letter === undefined) return false;
    this.letters.delete(number);
    const left = this.countOf(letter.endpoint) - 1;
    if (left === 0) this.counts.delete(letter.endpoint);
    else this.counts.set(letter.endpoint, left);
    return true;
  }

  /** Forgets those that were kept for long enough. Answers with what has to be stored for that. */
  expire(now: number): OutboxChange[] {
    const over = [...this.letters].filter(([, { at }]) => Date.parse(at) + KEPT_MS <= now);
    for (const [number] of over) this.delete(number);
    return over.flatMap(([number]) => removalOf(number));
  }

  /** The numbers, the newest letter first, of those with numbers below `below`. */
  numbers(below: number, endpoint?: string): number[] {
    const found: number[] = [];
    for (const [number, letter] of this.letters) {
      if (number < below && (endpoint === undefined || letter.endpoint === endpoint)) found.push(number);
    }
    return found.sort((one, other) => other - one);
  }

  private put(number: number, letter: KnownLetter): void {
    this.letters.set(number, letter);
    this.counts.set(letter.endpoint, this.countOf(letter.endpoint) + 1);
  }

  private takeOldest(endpoint: string): number {
    for (const [number, letter] of this.letters) {
      if (letter.endpoint !== endpoint) continue;
      this.delete(number);
      return number;
    }
    throw new Error(`no dead letter of ${endpoint} is kept`);
  }
}

/** What takes an event out of the store, with its dead letter where it is one. */
export const removalOf = (number: number): OutboxChange[] => [
  { kind: 'event', number, value: null },
  { kind: 'deadLetter', number, value: null },
];
