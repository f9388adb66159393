import type { Instant, ServerId } from '#core';
import type { Observer, Turn } from '#engine';

/** Since when each server is declared in this life of the process. */
export class DeclaredTimes implements Observer {
  private readonly times = new Map<ServerId, Instant>();

  turnTaken({ events, now }: Turn): void {
    for (const event of events) {
      if (event.kind === 'ServerWithdrawn') this.times.delete(event.server);
      if (event.kind === 'ServerDeclared' && !this.times.has(event.server.id))
        this.times.set(event.server.id, now);
    }
  }

  of(server: ServerId): Instant | undefined {
    return this.times.get(server);
  }
}
