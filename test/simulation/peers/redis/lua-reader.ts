import type { Word } from './lua-words.js';

/** Reads a script word by word. */
export class WordReader {
  private at = 0;

  constructor(private readonly words: readonly Word[]) {}

  get next(): Word {
    return this.words[this.at]!;
  }

  get isOver(): boolean {
    return this.next.kind === 'end';
  }

  /** Whether one of these comes next, and not as a text. */
  isAt(...texts: readonly string[]): boolean {
    return this.next.kind !== 'text' && texts.includes(this.next.text);
  }

  /** Whether this is the word after the next one. */
  isFollowedBy(text: string): boolean {
    return this.words[this.at + 1]?.text === text && this.next.kind === 'name';
  }

  take(): string {
    const { text } = this.next;
    this.at += 1;
    return text;
  }

  takes(text: string): boolean {
    const isThere = this.isAt(text);
    if (isThere) this.at += 1;
    return isThere;
  }

  expect(text: string): void {
    if (!this.takes(text)) throw new Error(`a script has ${this.next.text} where ${text} is due`);
  }

  expectEnd(): void {
    if (!this.isOver) throw new Error(`a script goes on with ${this.next.text} after its end`);
  }
}
