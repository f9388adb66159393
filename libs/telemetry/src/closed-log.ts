import { Now } from '#core';
import type { Logger } from 'pino';
import {
  type AccountId,
  type Device,
  type Fleet,
  type Instant,
  type ModelId,
  type Server,
  type ServerId,
  whyClosed,
  type WhyClosed,
} from '#core';
import type { Observer, Turn } from '#engine';
import { News } from './news.js';

/** A load that ran out of memory. */
type RanOut = { readonly server: ServerId; readonly model: ModelId };

/** One line for each load that ran out of memory although the books had room, and one when its device is open again. */
export class ClosedLog implements Observer {
  private readonly shortfalls = new News<AccountId>();
  private readonly closed = new Map<AccountId, WhyClosed & { readonly server: ServerId }>();

  constructor(private readonly log: Logger) {}

  turnTaken({ events, now }: Turn, fleet: Fleet): void {
    for (const [account, shortfall] of this.shortfalls.in(fleet.shortfalls, ({ at }) => at))
      this.ranOut(account, shortfall, fleet, now);
    for (const event of events) {
      const server = event.kind === 'Looked' ? fleet.servers.get(event.server) : undefined;
      for (const device of server?.devices ?? []) this.follow(fleet, server!, device, now);
    }
    for (const [account, { server }] of this.closed)
      if (!fleet.servers.has(server)) this.closed.delete(account);
  }

  private ranOut(account: AccountId, { server, model }: RanOut, fleet: Fleet, now: Instant): void {
    const at = fleet.servers.get(server);
    const one = at?.devices?.find((device) => device.account === account);
    if (!at || !one) return;
    const { ordinal: device } = one;
    const closed = whyClosed(fleet, at, one, new Now(now));
    if (closed) this.closed.set(one.account, { ...closed, server });
    const then = closed ? closedWords(closed, now) : 'for a minute it has less room than that load asked for';
    this.log.warn(
      { server, device, model },
      `server ${server}: device ${device}: load of ${model} ran out of memory although the books had room; ${then}`,
    );
  }

  private follow(fleet: Fleet, server: Server, device: Device, now: Instant): void {
    const { ordinal, account } = device;
    const { id } = server.spec;
    const closed = whyClosed(fleet, server, device, new Now(now));
    const before = this.closed.get(account);
    if (closed?.because === before?.because) return;
    if (closed) this.closed.set(account, { ...closed, server: id });
    else this.closed.delete(account);
    const facts = { server: id, device: ordinal };
    if (closed?.because === 'not_known_yet')
      this.log.debug(
        facts,
        `server ${id}: device ${ordinal} is closed: the books do not explain all that is in use`,
      );
    else if (closed)
      this.log.info(
        facts,
        `server ${id}: device ${ordinal} is closed again: a copy has left in which others may have hidden`,
      );
    else if (before?.because === 'ran_out')
      this.log.info(
        facts,
        `server ${id}: device ${ordinal} is open again after ${seconds(now - before.since)}`,
      );
  }
}

function closedWords({ until }: WhyClosed, now: Instant): string {
  const when = until === null ? 'once the loads under way have ended' : `in about ${seconds(until - now)}`;
  return `nothing is loaded there before the next clean sample, ${when}`;
}

const seconds = (millis: number): string => `${Math.round(millis / 100) / 10} s`;
