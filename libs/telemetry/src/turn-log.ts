import type { Logger } from 'pino';
import type { Action, Event } from '#core';
import type { FailedTurn, Observer, SentOrder, Turn } from '#engine';

/** One line for each turn that decided something, one for each order saying why, one for each load that failed. */
export class TurnLog implements Observer {
  constructor(private readonly log: Logger) {}

  turnTaken({ events, actions, took }: Turn): void {
    for (const event of events) this.tellFailure(event);
    const decided = actions.filter(isDecision);
    if (decided.length === 0) return;
    const counts = {
      events: counted(events),
      actions: counted(decided),
      ms: Math.round(took * 1_000) / 1_000,
    };
    this.log[decided.some(isOrder) ? 'info' : 'debug'](counts, 'turn');
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

  private tellFailure(event: Event): void {
    if (event.kind !== 'LoadEnded' || event.outcome.kind === 'succeeded' || event.outcome.kind === 'unsent')
      return;
    const { replica, outcome } = event;
    const how = outcome.kind === 'failed' ? `failed: ${outcome.cause}` : 'ended without an answer';
    this.log.warn({ replica, outcome }, `the load of ${replica} ${how}`);
  }
}

/** Longer than this a line of the log would hide what follows. */
const LONGEST_EVENTS = 8_000;

function beginningOf(events: readonly Event[]): string {
  try {
    return JSON.stringify(events).slice(0, LONGEST_EVENTS);
  } catch (error) {
    return `not to be written down: ${String(error)}`;
  }
}

/** Looks are routine; everything else is a decision about a copy or a request. */
const isDecision = ({ kind }: Action): boolean => kind !== 'look' && kind !== 'probe' && kind !== 'describe';
const isOrder = ({ kind }: Action): boolean => kind === 'load' || kind === 'unload';

function counted(items: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
