import { createHash } from 'node:crypto';
import type { Event } from '#core';
import type { Observer, Turn } from '#engine';

/** A hash of every event and every action of every turn: the same for two runs that went the same way. */
export class TurnDigest implements Observer {
  private readonly hash = createHash('sha256');

  turnTaken({ events, actions, now }: Turn): void {
    this.hash.update(JSON.stringify([now, events.map(asData), actions]));
  }

  /** As it is now: more turns may follow. */
  get digest(): string {
    return this.hash.copy().digest('hex');
  }
}

/** A map has no JSON of its own. The only one is in a look; to ask at every value whether it is one took long. */
function asData(event: Event): unknown {
  if (event.kind !== 'Looked' || event.look.metrics === null) return event;
  const { look } = event;
  const metrics = { ...look.metrics, pending: [...event.look.metrics.pending] };
  return { ...event, look: { ...look, metrics } };
}
