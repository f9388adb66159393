import type { Event, ServerId } from '#core';

/** What earlier lives learned of servers, kept until each of them is declared: DNS may tell of one long after the start. */
export class LateFacts {
  private readonly declared = new Set<ServerId>();
  private readonly kept = new Map<ServerId, Event[]>();

  /** Keeps what is about servers that are not declared; returns the rest, to be told now. */
  take(events: readonly Event[]): readonly Event[] {
    return events.filter((event) => {
      const server = 'server' in event && typeof event.server === 'string' ? event.server : null;
      if (server === null || this.declared.has(server)) return true;
      this.kept.set(server, [...(this.kept.get(server) ?? []), event]);
      return false;
    });
  }

  /** A server is declared: returns what was kept of it. */
  declare(server: ServerId): readonly Event[] {
    this.declared.add(server);
    const events = this.kept.get(server) ?? [];
    this.kept.delete(server);
    return events;
  }

  /** Gives up what is kept: returns the events by which the store forgets it, too. */
  forget(): readonly Event[] {
    const servers = [...this.kept.keys()];
    this.kept.clear();
    return servers.map((server) => ({ kind: 'ServerWithdrawn', server }));
  }
}
