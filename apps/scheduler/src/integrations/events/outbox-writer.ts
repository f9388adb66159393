import type { Outbox, OutboxChange } from '#engine';

/** Bound of steps that wait to be stored; new events beyond it are lost. */
const MAX_WAITING = 10_000;
/** Steps stored in one batch, at most. */
const MAX_STEPS = 500;

/** Changes that are stored together, and what follows once they are. */
interface Step {
  readonly changes: readonly OutboxChange[];
  readonly follow: () => void;
}

/** What is told of the store. */
export interface KeepingParts {
  readonly outbox: Pick<Outbox, 'write'>;
  /** Hears of the first write that fails, and with null of the first that succeeds after one. */
  readonly onHealth: (failure: unknown) => void;
  readonly mostWaiting?: number;
}

/** Stores changes in the order in which they come, one batch at a time. What cannot be stored now waits, within a bound. */
export class OutboxWriter {
  private waiting: Step[] = [];
  private running: Promise<void> | null = null;
  private isFailing = false;

  constructor(private readonly parts: KeepingParts) {}

  /** Whether another event would be lost. */
  get isFull(): boolean {
    return this.waiting.length >= (this.parts.mostWaiting ?? MAX_WAITING);
  }

  /** Stores changes some time later, then calls `follow`. While the store fails they wait for `tryAgain`. */
  add(changes: readonly OutboxChange[], follow: () => void = () => {}): void {
    if (changes.length === 0) return follow();
    this.waiting.push({ changes, follow });
    if (!this.isFailing) this.begin();
  }

  /** Has another try where the store failed. */
  tryAgain(): void {
    if (this.waiting.length > 0) this.begin();
  }

  /** Resolves once all is stored, or a write has failed. */
  async idle(): Promise<void> {
    await this.running;
  }

  private begin(): void {
    this.running ??= this.run();
  }

  /** It ends at the very moment at which nothing waits, so that what is added next begins anew. */
  private async run(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const steps = this.waiting.slice(0, MAX_STEPS);
      try {
        await this.parts.outbox.write(steps.flatMap(({ changes }) => changes));
      } catch (error) {
        this.tell(error);
        break;
      }
      this.waiting = this.waiting.slice(steps.length);
      this.tell(null);
      for (const { follow } of steps) follow();
    }
    this.running = null;
  }

  private tell(failure: unknown): void {
    const isNews = (failure !== null) !== this.isFailing;
    this.isFailing = failure !== null;
    if (isNews) this.parts.onHealth(failure);
  }
}
