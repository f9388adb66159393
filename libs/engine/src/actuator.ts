import type { ActionOf, Event, Fleet, ModelId, Outcome, ServerId } from '#core';
import type { EngineParts } from './engine-parts.js';
import type { Notebook } from './notebook.js';
import type { Leadership } from './ports/leadership.js';
import { LookRefused, type ModelServer, OrderRefused, OrderUnsent } from './ports/model-server.js';
import type { StoreHealth } from './ports/learned.js';
import type { SentOrder } from './ports/observer.js';

type Order = ActionOf<'load' | 'unload' | 'look' | 'probe' | 'describe'>;

/** A connected server, and how often its connection has ended so far. */
interface Link {
  readonly to: ModelServer;
  ended: number;
}

/** Carries orders to servers. Every order ends in exactly one report. */
export class Actuator {
  private readonly links = new Map<ServerId, Link>();
  /** What became of loads and unloads since `takeKeptBack` was called. */
  private sends: 'none' | 'unsent' | 'sent' = 'none';

  constructor(
    private readonly notebook: Notebook,
    private readonly report: (event: Event) => void,
    private readonly parts: Pick<EngineParts, 'observers'> & {
      readonly clock: Pick<EngineParts['clock'], 'now'>;
      readonly leadership: Pick<Leadership, 'mayAct'>;
      readonly store: Pick<StoreHealth, 'failure'>;
    },
  ) {}

  /** Opens a connection where there is none. */
  link(server: ServerId, open: () => ModelServer): void {
    if (this.links.has(server)) return;
    const link: Link = { to: open(), ended: 0 };
    this.links.set(server, link);
    link.to.watch((fact) => {
      if (fact === 'ended') link.ended += 1;
      if (this.links.get(server) === link) this.report({ kind: 'ContactChanged', server, fact });
    });
  }

  unlink(server: ServerId): void {
    const link = this.links.get(server);
    if (!link) return;
    link.ended += 1;
    this.links.delete(server);
    link.to.close();
  }

  close(): void {
    for (const server of [...this.links.keys()]) this.unlink(server);
  }

  /**
   * Sends an order. The end of a load or unload is reported even if its connection was closed meanwhile. The answer to a
   * question is not: it may be that of another process.
   */
  carryOut(order: Order): void {
    const link = this.links.get(order.server);
    void this.attempt(order, link).then((event) => {
      if (event && (isEnd(event) || this.links.get(order.server) === link)) this.report(event);
    });
  }

  /** Whether orders were wanted and none was sent since this was called before. */
  takeKeptBack({ held, loadsHeld, line }: Readonly<Fleet>): boolean {
    const { sends } = this;
    this.sends = 'none';
    return sends === 'unsent' || (sends === 'none' && (held || loadsHeld) && line.size > 0);
  }

  private async attempt(order: Order, link: Link | undefined): Promise<Event | undefined> {
    switch (order.kind) {
      case 'load':
        return this.load(order, link);
      case 'unload':
        return this.unload(order, link);
      case 'look':
        return this.look(order, link);
      case 'probe':
        return this.probe(order, link);
      case 'describe':
        return this.describe(order, link);
    }
  }

  private async load(order: ActionOf<'load'>, link: Link | undefined): Promise<Event> {
    const { replica, server, model, coLoaded, config, timeout } = order;
    const { clock } = this.parts;
    const deadline = clock.now() + timeout;
    const outcome = await outcomeOf(async () => {
      if (!link) throw new OrderUnsent();
      const { ended } = link;
      await this.remember(server, [model, ...coLoaded]);
      // The books know until when the server may take it, however long the store took. Another process may listen there by now.
      const left = deadline - clock.now();
      if (link.ended !== ended) throw new OrderUnsent();
      if (left <= 0) throw this.keptBack();
      this.beginToSend(order);
      return link.to.load(model, config, left);
    });
    return { kind: 'LoadEnded', order: order.order, replica, outcome };
  }

  /**
   * Stores an order before it is sent: after a crash the model must not look like a stranger. Where the store fails, loads are held
   * until it takes writes again.
   */
  private async remember(server: ServerId, models: readonly ModelId[]): Promise<void> {
    try {
      await this.notebook.ordered(server, models);
    } catch (error) {
      throw this.parts.store.failure === null ? error : this.keptBack();
    }
  }

  /** It could not be sent for a reason of this process, and not of the server. */
  private keptBack(): OrderUnsent {
    if (this.sends === 'none') this.sends = 'unsent';
    return new OrderUnsent();
  }

  /**
   * Asked right before each send, with nothing awaited in between: another process may lead by now. That is no fault of the
   * server.
   */
  private beginToSend(order: SentOrder): void {
    if (!this.parts.leadership.mayAct()) throw this.keptBack();
    this.sends = 'sent';
    for (const observer of this.parts.observers) observer.orderSent?.(order);
  }

  private async unload(order: ActionOf<'unload'>, link: Link | undefined): Promise<Event> {
    const outcome = await outcomeOf(async () => {
      if (!link) throw new OrderUnsent();
      this.beginToSend(order);
      await link.to.unload(order.model);
      return [];
    });
    return { kind: 'UnloadEnded', order: order.order, replica: order.replica, outcome };
  }

  private async look(order: ActionOf<'look'>, link: Link | undefined): Promise<Event> {
    const { server } = order;
    // The mode is found out by an unload, which only the leader may send.
    const probesMode = order.probeMode && this.parts.leadership.mayAct();
    try {
      if (!link) throw new LookRefused('unreachable', `${server}: no connection`);
      return { kind: 'Looked', server, look: await link.to.look(order.scope, probesMode) };
    } catch (error) {
      return { kind: 'LookFailed', server, why: error instanceof LookRefused ? error.why : 'nonsense' };
    }
  }

  private async probe({ server }: ActionOf<'probe'>, link: Link | undefined): Promise<Event> {
    const accepted = await settled(async () => link?.to.probe());
    return { kind: 'ContactChanged', server, fact: accepted ? 'probe_accepted' : 'probe_timed_out' };
  }

  /** Without a description the model is booked without a config, and asked about again after the next look. */
  private async describe(
    { server, model }: ActionOf<'describe'>,
    link: Link | undefined,
  ): Promise<Event | undefined> {
    const found = await settled(async () => link?.to.describe(model));
    return found && { kind: 'ConfigLearned', server, model, config: found.config, steps: found.steps };
  }
}

const isEnd = ({ kind }: Event): boolean => kind === 'LoadEnded' || kind === 'UnloadEnded';

/** The result of an attempt; undefined where it failed. */
async function settled<Result>(attempt: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await attempt();
  } catch {
    return undefined;
  }
}

async function outcomeOf(attempt: () => Promise<readonly string[]>): Promise<Outcome> {
  try {
    return { kind: 'succeeded', versions: await attempt() };
  } catch (error) {
    if (error instanceof OrderUnsent) return { kind: 'unsent' };
    return error instanceof OrderRefused ? { kind: 'failed', cause: error.failure } : { kind: 'unknown' };
  }
}
