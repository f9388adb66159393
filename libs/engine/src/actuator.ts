import type { Action, Event, Outcome, ServerId } from '#core';
import type { Notebook } from './notebook.js';
import { LookRefused, type ModelServer, OrderRefused } from './ports/model-server.js';

type Order = Extract<Action, { kind: 'load' | 'unload' | 'look' | 'probe' | 'describe' }>;
type OrderOf<Kind extends Order['kind']> = Extract<Order, { readonly kind: Kind }>;

/** A server that is reached, and how often the connection to it has ended so far, by us or by itself. */
interface Link {
  readonly to: ModelServer;
  ended: number;
}

/** Carries orders to servers. Every order ends in exactly one report, whatever happens to it. */
export class Actuator {
  private readonly links = new Map<ServerId, Link>();

  constructor(
    private readonly notebook: Notebook,
    private readonly report: (event: Event) => void,
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
   * An order that may not be sent is reported like one for which there is no connection. How an order ended is reported also
   * when its connection was closed meanwhile; what a question brought over that tells of what may be another process.
   */
  carryOut(order: Order, mayAct: boolean): void {
    const link = this.links.get(order.server);
    void this.attempt(order, mayAct ? link : undefined).then((event) => {
      if (event && (isEnd(event) || this.links.get(order.server) === link)) this.report(event);
    });
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

  private async load(order: OrderOf<'load'>, link: Link | undefined): Promise<Event> {
    const { replica, server, model, brings, config, timeout } = order;
    const outcome = await outcomeOf(async () => {
      if (!link) throw new OrderRefused('transient', `${server}: no connection`);
      const { ended } = link;
      await this.remember(server, [model, ...brings]);
      // By now another process may listen there, for which nothing was decided yet.
      if (link.ended !== ended) throw new OrderRefused('transient', `${server}: the connection has ended`);
      return link.to.load(model, config, timeout);
    });
    return { kind: 'LoadEnded', order: order.order, replica, outcome };
  }

  /** Written down before the order is sent: after a crash what we ordered must not look like a stranger. */
  private async remember(server: ServerId, models: Parameters<Notebook['ordered']>[1]): Promise<void> {
    try {
      await this.notebook.ordered(server, models);
    } catch (error) {
      throw new OrderRefused('transient', `the store did not take the order for ${server}: ${String(error)}`);
    }
  }

  private async unload(order: OrderOf<'unload'>, link: Link | undefined): Promise<Event> {
    const outcome = await outcomeOf(async () => {
      if (!link) throw new OrderRefused('transient', `${order.server}: no connection`);
      await link.to.unload(order.model);
      return [];
    });
    return { kind: 'UnloadEnded', order: order.order, replica: order.replica, outcome };
  }

  private async look(order: OrderOf<'look'>, link: Link | undefined): Promise<Event> {
    const { server } = order;
    try {
      if (!link) throw new LookRefused('unreachable', `${server}: no connection`);
      return { kind: 'Looked', server, look: await link.to.look(order.scope, order.probeMode) };
    } catch (error) {
      return { kind: 'LookFailed', server, why: error instanceof LookRefused ? error.why : 'nonsense' };
    }
  }

  private async probe({ server }: OrderOf<'probe'>, link: Link | undefined): Promise<Event> {
    const accepted = await settled(async () => link?.to.probe());
    return { kind: 'ContactChanged', server, fact: accepted ? 'probe_accepted' : 'probe_timed_out' };
  }

  /** A model that can't be described is asked again after the next look; until then it is booked without. */
  private async describe(
    { server, model }: OrderOf<'describe'>,
    link: Link | undefined,
  ): Promise<Event | undefined> {
    const found = await settled(async () => link?.to.describe(model));
    return found && { kind: 'ConfigLearned', server, model, config: found.config, steps: found.steps };
  }
}

const isEnd = ({ kind }: Event): boolean => kind === 'LoadEnded' || kind === 'UnloadEnded';

/** What an attempt brought; undefined where it failed in whatever way. */
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
    return error instanceof OrderRefused ? { kind: 'failed', cause: error.failure } : { kind: 'unknown' };
  }
}
