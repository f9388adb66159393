import {
  type Bytes,
  type Device,
  type Fleet,
  type Instant,
  type Look,
  measuredOn,
  type Replica,
  replicaFlags,
  type Server,
  takenByOthers,
} from '#core';
import { bookingsOf, bytesOn } from '../books.js';
import type { Check, Scene } from './scene.js';

/** Two of Triton's metric intervals: so long after the last move what is in use is shown as it is. */
const SETTLED = 4_000;

/** What looks have shown of one GPU since something of ours last moved on its server. */
interface Rest {
  isMoved: boolean;
  /** When the first look that showed the GPU after the last move, or the latest one beside something in motion, ended. */
  movedAt: Instant;
  /** The two latest. */
  samples: readonly Bytes[];
}

interface Rests {
  incarnation: number;
  /** By ordinal. */
  readonly rests: Map<number, Rest>;
}

/** A life of Berth has servers of its own. */
const known = new WeakMap<Server, Rests>();

/**
 * As soon as two looks have shown a GPU at rest the books count all that is in use: what none of ours explains is
 * others', or residue. Whatever Berth could not know before, it does from then on, whichever way it came.
 */
export const countsWhatIsInUse: Check = (scene) => {
  const { fleet, trail, turn } = scene;
  for (const server of fleet.servers.values()) {
    const look = turn.events.findLast((event) => event.kind === 'Looked' && event.server === server.spec.id);
    const isMoved = noteMoves(scene, server);
    // One over a connection that has ended since is not believed.
    if (look?.kind !== 'Looked' || server.statisticsAt !== look.look.begunAt) continue;
    const isInMotion = isAnyInMotion(fleet, server, turn.now);
    for (const device of server.devices ?? []) {
      const samples = samplesOf(server, device, look.look, isInMotion);
      if (samples.length < 2 || isMoved) continue;
      const unexplained = Math.max(0, Math.min(...samples) - explainedOn(fleet, server, device));
      const counted = takenByOthers(server, device.ordinal);
      const said = (): string =>
        `${device.account} at rest has ${unexplained} bytes that no copy explains, and ${counted} are counted`;
      trail.expect(counted === unexplained, said);
    }
  }
};

/** Whether this turn, which may have heard of a look before, has moved anything: another process is a move, too. */
function noteMoves(scene: Scene, server: Server): boolean {
  const { incarnation } = server;
  const all = known.get(server) ?? { incarnation, rests: new Map<number, Rest>() };
  known.set(server, all);
  const isMoved = movedIn(scene, server) || all.incarnation !== incarnation;
  all.incarnation = incarnation;
  if (isMoved) for (const rest of all.rests.values()) rest.isMoved = true;
  return isMoved;
}

/** Anything new of a copy counts, whichever GPU it is on: so this sees less rest than there is, and never more. */
const movedIn = ({ changes }: Scene, { spec }: Server): boolean =>
  changes.some(({ was, now }) => (now ?? was)!.server === spec.id);

const isAnyInMotion = (fleet: Fleet, { spec }: Server, now: Instant): boolean =>
  [...fleet.unsettled].some((id) => {
    const replica = fleet.replicas.get(id);
    return (
      replica?.server === spec.id && moves(replica) && !replicaFlags(fleet, replica, now).includes('stuck')
    );
  });

const moves = (replica: Replica): boolean =>
  replica.phase === 'ready'
    ? replica.change?.order != null
    : replica.phase !== 'placed' && replica.phase !== 'draining';

/** The two latest samples at rest, with what this look shows. */
function samplesOf(
  server: Server,
  { kind, ordinal, used }: Device,
  { begunAt, endedAt }: Look,
  isInMotion: boolean,
): readonly Bytes[] {
  const { rests } = known.get(server)!;
  const rest = rests.get(ordinal) ?? { isMoved: true, movedAt: -Infinity, samples: [] };
  rests.set(ordinal, rest);
  if (rest.isMoved || isInMotion || used === null) rest.samples = [];
  if (kind !== 'gpu' || used === null) return [];
  if (rest.isMoved || isInMotion) rest.movedAt = endedAt;
  rest.isMoved = false;
  if (begunAt >= rest.movedAt + SETTLED) rest.samples = [...rest.samples.slice(-1), used];
  return rest.samples;
}

/** What our copies hold, as measured where they were, else as booked, and those that are hidden. */
function explainedOn(fleet: Fleet, server: Server, { ordinal, account }: Device): Bytes {
  let explained = bytesOn(
    server.hidden.flatMap(({ bookings }) => bookings),
    account,
  );
  for (const replica of fleet.replicas.values()) {
    if (replica.server !== server.spec.id || replica.phase === 'placed') continue;
    explained += measuredOn(server, replica.model, ordinal) ?? bytesOn(bookingsOf(replica), account);
  }
  return explained;
}
