import type { Logger } from 'pino';
import type { Millis } from '#core';
import type { Trouble } from '#engine';

/** What keeps servers from being reached, as their connections tell. Each change is one line in the log, however often it is told. */
export class ConnectionErrors {
  private readonly known = new Map<string, Trouble | null>();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly log: Logger) {}

  /** Null: the connection stands. */
  tell(id: string, trouble: Trouble | null): void {
    const before = this.of(id);
    if (trouble !== null && before?.reason === trouble.reason) return;
    this.known.set(id, trouble);
    const { reason, detail } = trouble ?? {};
    if (trouble) this.log.warn({ server: id, reason }, `server ${id} is not reached: ${detail}`);
    for (const look of this.waiting) look();
  }

  of(id: string): Trouble | null {
    return this.known.get(id) ?? null;
  }

  /** The server is gone, or is reached otherwise now: nothing is known of that yet. */
  forget(id: string): void {
    this.known.delete(id);
  }

  /** Resolves once each of these was reached or is known not to be, or so much later. */
  areTold(ids: readonly string[], withinMs: Millis): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (ids.every((id) => this.known.has(id))) end();
      };
      const timer = setTimeout(end, withinMs);
      this.waiting.add(look);
      look();
    });
  }
}
