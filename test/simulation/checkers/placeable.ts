import {
  type AccountId,
  type Booking,
  bookingsWith,
  type Bytes,
  dependenciesOf,
  type Device,
  fitPins,
  type Fleet,
  type Instant,
  isPinProtected,
  type Millis,
  type Model,
  type ModelId,
  type Replica,
  replicaId,
  type Server,
  type ServerId,
  sumOf,
  takenByOthers,
} from '#core';
import { dependentsOn } from '../../checkers/needs.js';
import type { Site } from '../site.js';

/** What is known of a fleet that gets no more requests. */
export interface Quiet {
  readonly now: Instant;
  readonly sites: ReadonlyMap<string, Site>;
  /** For how long a replica was neither used nor held by a lease. */
  readonly unusedFor: (replica: Replica) => Millis;
  /** Whether it is on a server that stays dead, or is itself stuck for ever. */
  readonly isReplaced: (replica: Pick<Replica, 'model' | 'server'>) => boolean;
  /** Whether nothing can come up on a server any more: it stays dead, or all its load slots are stuck. */
  readonly takesNothing: (server: ServerId) => boolean;
}

/** Bytes of the places that are kept for pins of other models, for each account. */
export function keptForOthers(fleet: Readonly<Fleet>, model: ModelId): ReadonlyMap<AccountId, Bytes> {
  const bookings = [...fleet.pinPlaces].flatMap(([id, places]) =>
    id === model ? [] : places.map((place) => bookingsAt(fleet, id, place)),
  );
  return new Map(sumOf(bookings).map(({ account, bytes }) => [account, bytes]));
}

/** What a copy takes at a place (`server/0,1`), with what it needs and does not have there. */
function bookingsAt(fleet: Readonly<Fleet>, id: ModelId, place: string): readonly Booking[] {
  const at = place.lastIndexOf('/');
  const server = fleet.servers.get(place.slice(0, at) as ServerId)!;
  const missing = dependenciesOf(fleet, id).filter(
    (one) => !fleet.replicas.has(replicaId(one, server.spec.id)),
  );
  const devices = place
    .slice(at + 1)
    .split(',')
    .filter(Boolean)
    .map(Number);
  return bookingsWith(fleet, server, id, missing, devices);
}

/**
 * Asks for one copy more, with all that is pinned or kept, and what that needs, being as immovable as a stranger, in
 * what others leave of each device.
 */
export function isPlaceable(
  fleet: Readonly<Fleet>,
  model: Model,
  { sites, isReplaced, takesNothing, kept }: Quiet & { readonly kept?: ReadonlyMap<AccountId, Bytes> },
  stays = (replica: Replica): boolean => isPinProtected(fleet, replica) || isKept(fleet, replica),
): boolean {
  const immovable = [...fleet.replicas.values()].filter((replica) =>
    replica.phase === 'ready' ? [replica, ...dependentsOn(fleet, replica)].some(stays) : isReplaced(replica),
  );
  const servers = [...fleet.servers.values()].filter(
    ({ spec }) =>
      !takesNothing(spec.id) &&
      !isReplaced({ model: model.id, server: spec.id }) &&
      !fleet.replicas.has(replicaId(model.id, spec.id)),
  );
  const asStrangers: Fleet = {
    ...fleet,
    servers: new Map(
      servers.map((server) => [server.spec.id, withoutOthers(server, sites.get(server.spec.id), kept)]),
    ),
    replicas: new Map(immovable.map((replica) => [replica.id, asStranger(replica)])),
  };
  return fitPins(asStrangers, [{ ...model, pinnedCopies: 1 }]).fits;
}

/**
 * A server that keeps strangers, with devices only as large as foreign memory and residue, or kept places where those take more,
 * leave them: what is foreign may lie where a place is kept, and the two are never counted twice. Where no metrics tell of a
 * GPU, what others hold of it is taken from the world.
 */
function withoutOthers(
  server: Server,
  site: Site | undefined,
  kept: ReadonlyMap<AccountId, Bytes> = new Map(),
): Server {
  const ofOthers = ({ ordinal, uuid }: Device): Bytes =>
    uuid === null ? (site?.surprises.on(ordinal)?.others ?? 0) : takenByOthers(server, ordinal);
  const taken = (device: Device): Bytes =>
    Math.max(kept.get(device.account) ?? 0, device.kind === 'gpu' ? ofOthers(device) : 0);
  return {
    ...server,
    spec: { ...server.spec, strangers: 'keep' },
    devices: (server.devices ?? []).map((device) => ({
      ...device,
      capacity: Math.max(0, device.capacity - taken(device)),
    })),
  };
}

/** As something that stays where it is, and that no pin counts on. */
function asStranger({ id, model, server, devices, bookings, since }: Replica): Replica {
  const use = { versions: [], lastUse: 0, inUseUntil: 0, pulse: null, outlived: false };
  return { id, model, server, devices, bookings, since, stranger: true, phase: 'ready', ...use };
}

/** What the operator keeps, and what has outlived its unload: nothing unloads that but the operator. */
export const isKept = (fleet: Readonly<Fleet>, replica: Replica): boolean =>
  (replica.phase === 'ready' && replica.outlived) ||
  (replica.stranger && fleet.servers.get(replica.server)!.spec.strangers === 'keep');
