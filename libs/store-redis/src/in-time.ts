import type { RedisLink, ScriptResult } from './connection.js';

/** What reaches Redis so much later than it was sent has no effect, in ms. */
const LATE_AFTER_MS = 1_000;
/** The first one may only find out the clock of Redis, where that was not as expected. */
const TRIES = 3;

/**
 * Runs scripts that are void after a moment by the clock of Redis: a command whose sender has given up may be carried out long
 * afterwards. Their first argument is that moment, in ms; they return the clock and, where it is past, `late`.
 */
export class InTime {
  /** The clock of Redis less our own, as it was at the last answer. */
  private clockAhead = -Infinity;
  private generation = -1;

  constructor(
    private readonly connection: RedisLink,
    /** The clock of this process, in ms. */
    private readonly now: () => number,
  ) {}

  /** The reply is without the clock. Rejects where the script was late each time. */
  async run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<ScriptResult> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const isKnown = this.generation === this.connection.generation;
      const notAfter = isKnown ? Math.ceil(this.now() + this.clockAhead + LATE_AFTER_MS) : 0;
      const { reply, isConfirmed } = await this.connection.run(script, keys, [notAfter, ...args]);
      this.noteClock(Number(reply[0]));
      if (reply[1] !== 'late') return { reply: reply.slice(1), isConfirmed };
    }
    throw new Error(`Redis got a command too late, ${TRIES} times`);
  }

  noteClock(redisNow: number): void {
    this.clockAhead = redisNow - this.now();
    this.generation = this.connection.generation;
  }
}
