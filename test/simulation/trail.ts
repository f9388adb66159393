import type { Mark } from './marks.js';

/** Lines kept where not all of them were asked for. */
const KEPT = 400;

/** What happened, line by line; and the first promise that was not kept. */
export class Trail {
  readonly lines: string[] = [];
  /** How often each noteworthy situation came up: a simulation that never meets one proves nothing about it. */
  readonly marks = new Map<Mark, number>();
  private broken: string | undefined;

  constructor(
    private readonly now: () => number,
    private readonly keepsAll: boolean,
  ) {}

  note(line: string): void {
    const dated = `${this.now().toFixed(1)} ${line}`;
    this.lines.push(dated);
    if (!this.keepsAll && this.lines.length > 2 * KEPT) this.lines.splice(0, KEPT);
  }

  mark(name: Mark): void {
    this.marks.set(name, (this.marks.get(name) ?? 0) + 1);
  }

  /** Holds a promise against the world; the run ends at the first that was not kept. */
  expect(isKept: boolean, promise: () => string): void {
    if (!isKept) this.fail(promise());
  }

  fail(promise: string): void {
    if (this.broken === undefined) this.note(`BROKEN ${promise}`);
    this.broken ??= `at ${this.now().toFixed(1)} ms: ${promise}`;
  }

  get failure(): string | undefined {
    return this.broken;
  }
}
