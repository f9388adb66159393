import { createHash } from 'node:crypto';
import type { Observer, Turn } from '#engine';

/** A hash of every event and every action of every turn: the same for two runs that went the same way. */
export class TurnDigest implements Observer {
  private readonly hash = createHash('sha256');

  turnTaken({ events, actions, now }: Turn): void {
    this.hash.update(JSON.stringify([now, events, actions], asData));
  }

  /** As it is now: more turns may follow. */
  get digest(): string {
    return this.hash.copy().digest('hex');
  }
}

/** Maps and sets have no JSON of their own, and must not be told apart by nothing. */
function asData(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  return value instanceof Set ? [...(value as Set<unknown>)] : value;
}
