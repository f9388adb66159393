import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnusable } from '#store';
import type { Connection } from './connection.js';
import { CLAIM_NAME } from './scripts/claim-name.js';

/** The name is kept for so long after its holder said last that it lives, in ms. */
const KEPT_MS = 3_000;
const REPEAT_MS = 1_000;
/** A name that another process still has after so long is in use: an earlier life of this peer would have lost it. */
const TAKEN_AFTER_MS = KEPT_MS + REPEAT_MS;
const POLL_MS = 250;

/** The name of this peer, kept for this process as long as it lives. */
export class PeerName {
  private readonly token = randomUUID();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly key: string,
    private readonly name: string,
    /** Hears that another process has taken the name meanwhile: it is ours no more. */
    private readonly onLost: (error: StoreUnusable) => void,
  ) {}

  /** Resolves once the name is ours. Rejects with `StoreUnusable` where another process has it, and lives. */
  async take(): Promise<void> {
    const giveUpAt = performance.now() + TAKEN_AFTER_MS;
    while (!(await this.claim())) {
      if (performance.now() > giveUpAt) throw new StoreUnusable('name_in_use', this.message);
      await sleep(POLL_MS);
    }
    this.timer = setInterval(() => void this.repeat(), REPEAT_MS).unref();
  }

  /** Lets other processes have the name at once. */
  async letGo(): Promise<void> {
    clearInterval(this.timer);
    if (this.timer !== undefined) await this.connection.client.del(this.key).catch(() => undefined);
    this.timer = undefined;
  }

  private async repeat(): Promise<void> {
    const isOurs = await this.claim().catch(() => true);
    if (isOurs || this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.onLost(new StoreUnusable('name_in_use', this.message));
  }

  private async claim(): Promise<boolean> {
    const claim = [this.key, this.token, KEPT_MS];
    return Number(await this.connection.ask((client) => client.eval(CLAIM_NAME, 1, ...claim))) === 1;
  }

  private get message(): string {
    return `peer.name: another process has the name "${this.name}": each peer needs one of its own`;
  }
}
