import {
  type Event,
  type Fleet,
  type Instant,
  type ModelId,
  openOrders,
  type ReplicaId,
  type ServerId,
} from '#core';
import type { Observer, Turn } from '#engine';
import type { Trail } from '../trail.js';

/** What is known of a server that is to be reached otherwise. */
interface Known {
  /** Until when it drains at the latest; Infinity without a deadline, null where it does not drain. */
  readonly drainsUntil: Instant | null;
  readonly incarnation: number;
  /** What is ours on it, and not only placed. */
  readonly ours: readonly ReplicaId[];
  /** The models of which something is left to be done there. */
  readonly orders: readonly ModelId[];
}

/** A server that is reached otherwise is still the same: what is known, ordered and drained stays. */
export class SameServers implements Observer {
  private readonly expected = new Map<ServerId, Known>();

  constructor(private readonly trail: Trail) {}

  /** Told before the change is; the turn that follows is held against it. */
  expect(server: ServerId, fleet: Fleet): void {
    const known = knownOf(fleet, server);
    if (!known) return;
    this.expected.set(server, known);
    if (known.drainsUntil !== null) this.trail.mark('changed server was draining');
    const loads = [...fleet.replicas.values()].filter(
      (one) => one.server === server && one.phase === 'loading',
    );
    if (loads.length > 0) this.trail.mark('changed server had a load under way');
  }

  /** It is forgotten meanwhile. */
  dismiss(server: ServerId): void {
    this.expected.delete(server);
  }

  turnTaken({ events }: Turn, fleet: Fleet): void {
    this.noteRefusals(events, fleet);
    for (const [id, before] of this.expected) {
      const about = events.filter((event) => 'server' in event && isOf(event.server, id));
      if (!about.some(({ kind }) => kind === 'ServerDeclared')) continue;
      this.expected.delete(id);
      this.compare(id, before, knownOf(fleet, id), events);
    }
  }

  private compare(id: ServerId, before: Known, after: Known | undefined, events: readonly Event[]): void {
    const { trail } = this;
    const isTold = events.some(({ kind }) => kind === 'DrainOrdered' || kind === 'DrainEnded');
    if (!isTold)
      trail.expect(
        after?.drainsUntil === before.drainsUntil,
        () => `${id} is changed, and its drain is forgotten`,
      );
    if (!events.every(({ kind }) => SILENT.has(kind))) return;
    trail.expect(
      after?.incarnation === before.incarnation,
      () => `${id} is changed, and taken for another one`,
    );
    const strange = before.ours.find((one) => !after?.ours.includes(one));
    trail.expect(strange === undefined, () => `${id} is changed, and ${strange} is no longer ours`);
    const forgotten = before.orders.find((one) => !after?.orders.includes(one));
    trail.expect(
      forgotten === undefined,
      () => `${id} is changed, and what was ordered of ${forgotten} is forgotten`,
    );
  }

  private noteRefusals(events: readonly Event[], { servers }: Fleet): void {
    for (const event of events) {
      if (event.kind !== 'ContactChanged' || event.fact !== 'refused') continue;
      const contact = servers.get(event.server)?.contact;
      if (contact?.kind === 'down' && contact.moved)
        this.trail.mark('refused at an address that was never reached');
    }
  }
}

/** What changes nothing of what is known of a server, nor of what is ordered there, unless it is itself removed. */
const SILENT: ReadonlySet<Event['kind']> = new Set([
  'ServerDeclared',
  'ServerWithdrawn',
  'ContactChanged',
  'RequestArrived',
  'RequestCancelled',
  'RoutesUsed',
]);

const isOf = (server: ServerId | { readonly id: ServerId }, id: ServerId): boolean =>
  (typeof server === 'string' ? server : server.id) === id;

function knownOf(fleet: Fleet, id: ServerId): Known | undefined {
  const server = fleet.servers.get(id);
  if (!server) return undefined;
  const here = [...fleet.replicas.values()].filter((one) => one.server === id && one.phase !== 'placed');
  const orders = [...openOrders(fleet)].filter(([, { unload, reload }]) =>
    [...unload, ...reload].some((copy) => copy.server === id),
  );
  return {
    drainsUntil: server.drain && (server.drain.deadline ?? Infinity),
    incarnation: server.incarnation,
    ours: here.filter(({ stranger }) => !stranger).map((one) => one.id),
    orders: orders.map(([model]) => model),
  };
}
