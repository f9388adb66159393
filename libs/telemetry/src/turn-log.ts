import type { Logger } from 'pino';
import type { Action, ActionOf, Event, EventOf, Instant, OrderId } from '#core';
import type { FailedTurn, Observer, SentOrder, Turn } from '#engine';

/** One line for each turn that decided something, one for each order saying why, one for each load that ended. */
export class TurnLog implements Observer {
  /** The loads under way, and when they were ordered: each of them ends. */
  private readonly loads = new Map<OrderId, ActionOf<'load'> & { readonly at: Instant }>();

  constructor(private readonly log: Logger) {}

  turnTaken({ events, actions, now, took, isAtRest = true }: Turn): void {
    if (!isAtRest) this.log.error({ now, actions: counted(actions) }, 'the core did not come to rest');
    for (const event of events) if (event.kind === 'LoadEnded') this.tellEnd(event, now);
    for (const action of actions)
      if (action.kind === 'load') this.loads.set(action.order, { ...action, at: now });
    const decided = actions.filter(isDecision);
    if (decided.length === 0) return;
    const counts = {
      events: counted(events),
      actions: counted(decided),
      ms: Math.round(took * 1_000) / 1_000,
    };
    this.log.debug(counts, 'turn');
  }

  /** The stack, and as much of the events as a line of the log may hold. */
  turnFailed({ events, now, error }: FailedTurn): void {
    const facts = { err: error, now, counts: counted(events), events: beginningOf(events) };
    this.log.fatal(facts, 'a turn threw: nothing more is decided, and the process ends');
  }

  orderSent(order: SentOrder): void {
    const { model, server, cause } = order;
    if (order.kind === 'load')
      return this.log.info({ model, server, cause }, `loading ${model} on ${server}: ${cause}`);
    const { makesRoomFor } = order;
    const why = makesRoomFor === null ? cause : `${cause}, to make room for ${makesRoomFor}`;
    this.log.info({ model, server, cause, for: makesRoomFor }, `unloading ${model} from ${server}: ${why}`);
  }

  private tellEnd({ order, replica, outcome }: EventOf<'LoadEnded'>, now: Instant): void {
    const load = this.loads.get(order);
    this.loads.delete(order);
    if (outcome.kind === 'unsent') return;
    if (outcome.kind === 'succeeded') {
      if (!load) return;
      const { model, server, at } = load;
      const ms = Math.round(now - at);
      return this.log.info({ model, server, ms }, `${model} ready on ${server} after ${seconds(ms)} s`);
    }
    const how = outcome.kind === 'failed' ? `failed: ${outcome.cause}` : 'ended without an answer';
    this.log.warn({ replica, outcome }, `the load of ${replica} ${how}`);
  }
}

/** Longer than this a line of the log would hide what follows. */
const MAX_EVENTS = 8_000;

function beginningOf(events: readonly Event[]): string {
  try {
    return JSON.stringify(events).slice(0, MAX_EVENTS);
  } catch (error) {
    return `not to be written down: ${String(error)}`;
  }
}

/** Looks are routine; everything else is a decision about a copy or a request. */
const isDecision = ({ kind }: Action): boolean => kind !== 'look' && kind !== 'probe' && kind !== 'describe';

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

function counted(items: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
