import {
  type AccountId,
  type Booking,
  type Bytes,
  type Fleet,
  gpuAccount,
  hostAccount,
  type Instant,
  type ModelId,
  type Replica,
  type ReplicaId,
  type Server,
  takenByOthers,
} from '#core';
import type { Asked, CopyTruth, Place, SimulatedTriton } from '#testing';
import type { Crowd } from './crowd.js';
import type { PlannedServer } from './plan.js';

/** What the books said of a server when a load was decided. */
export interface Books {
  readonly at: Instant;
  /** What each model has booked, the one that is to be loaded among them. */
  readonly booked: ReadonlyMap<string, readonly Booking[]>;
  /** What they counted as others', or as residue, on each GPU: then, and at the latest decision since, the smaller. */
  readonly others: Map<number, Bytes>;
}

/** A server as it is, and what Berth decided there. */
interface Ground {
  readonly planned: PlannedServer;
  readonly sim: SimulatedTriton;
  readonly crowd: Crowd;
  /** By model, the latest load. */
  readonly decided: ReadonlyMap<string, Books>;
}

/** The books of a server as they stand. */
export function booksOf(fleet: Readonly<Fleet>, server: Server, at: Instant): Books {
  const booked = new Map<string, Booking[]>();
  const add = (model: ModelId, bookings: readonly Booking[]): void =>
    void booked.set(model, [...(booked.get(model) ?? []), ...bookings]);
  for (const one of fleet.replicas.values()) {
    if (one.server === server.spec.id && one.phase !== 'placed') add(one.model, bookingsOf(one));
  }
  for (const { model, bookings } of server.hidden) add(model, bookings);
  return { at, booked, others: othersOn(server) };
}

/** What a replica that is not only placed holds, or is taking. */
export const bookingsOf = (replica: Replica): readonly Booking[] =>
  replica.phase === 'ready' && replica.change?.order
    ? [...replica.bookings, ...replica.change.bookings]
    : replica.bookings;

const othersOn = (server: Server): Map<number, Bytes> =>
  new Map(
    (server.devices ?? []).map((device) => [
      device.ordinal,
      takenByOthers(server, device.ordinal),
    ]),
  );

/**
 * How much memory Berth could know to be wanted at a place that ran out. It is what is really there of what it has
 * booked, with what it had counted as foreign when it decided the load. What came up beside that, and what a copy takes
 * beyond its booking, it could not know. Then the sizes were declared wrong, or foreign memory was not seen yet.
 */
export function known(site: Ground, asked: Asked, fleet: Readonly<Fleet>): { bytes: Bytes; says: string } {
  const { spec } = site.planned;
  const { place } = asked;
  const server = fleet.servers.get(spec.id);
  const now = server && booksOf(fleet, server, -Infinity);
  const then = site.decided.get(asked.model) ?? now;
  const account = place === 'host' ? hostAccount(spec.host) : gpuAccount(spec.id, place);
  const isLeaving = (model: string): boolean => isOnItsWayOut(fleet, model, spec.id);
  const shares = [...takenAt(site, asked, isLeaving)].map(([model, taken]) => {
    const books = then?.booked.has(model) ? then : (site.decided.get(model) ?? now);
    const booked = bytesOn(books?.booked.get(model) ?? [], account);
    // What is nowhere booked should have been, all of it.
    return { model, taken, bytes: booked === 0 ? taken : Math.min(taken, booked) };
  });
  const others = place === 'host' ? 0 : othersAt(site, place, then);
  return {
    bytes: shares.reduce((sum, { bytes }) => sum + bytes, others),
    says: `the books could tell: ${others} of others, ${JSON.stringify(shares)}`,
  };
}

/** What others have of a GPU, as far as the books of a decision told of it or had to. */
function othersAt({ planned, crowd }: Ground, place: number, then: Books | undefined): Bytes {
  const baseline = planned.setup.options?.baselineBytes ?? 0;
  const shown = baseline + crowd.knownAt(place, then?.at ?? -Infinity);
  return Math.max(shown, then?.others.get(place) ?? 0);
}

/** A copy that is gone counts while its replica leaves: Berth cannot know yet whether its memory is back. */
function isOnItsWayOut({ replicas }: Readonly<Fleet>, model: string, server: string): boolean {
  const phase = replicas.get(`${model}@${server}` as ReplicaId)?.phase;
  return phase === 'draining' || phase === 'unloading' || phase === 'unknown';
}

/** What each model has at a place, with what is asked for now. */
function takenAt(
  { sim }: Ground,
  { model, place, bytes }: Asked,
  isLeaving: (model: string) => boolean,
): Map<string, Bytes> {
  const counts = ({ phase, model: name }: CopyTruth): boolean => phase !== 'gone' || isLeaving(name);
  const taken = new Map([[model, bytes]]);
  for (const copy of sim.copies().filter(counts)) {
    const here = bytesAt(copy, place);
    if (here > 0) taken.set(copy.model, (taken.get(copy.model) ?? 0) + here);
  }
  return taken;
}

const bytesAt = ({ holds }: CopyTruth, place: Place): Bytes =>
  holds.reduce((sum, one) => (one.place === place ? sum + one.bytes : sum), 0);

export const bytesOn = (bookings: readonly Booking[], account: AccountId): Bytes =>
  bookings.reduce((sum, one) => (one.account === account ? sum + one.bytes : sum), 0);
