import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { ServerId } from '../fleet/ids.js';
import type { Ledger } from '../memory/ledger.js';
import type { Instant } from '../fleet/model.js';
import { PINNED, type Rank } from '../demand/rank.js';
import type { Replica } from '../fleet/replica.js';
import { isCarried, loadBegan, loadBounds } from '../fleet/standing.js';
import { devicesToCome, isToLoad, loadedFor, rankWanted } from './load-order.js';
import type { Place } from '../room/places.js';
import type { Want } from '../demand/wants.js';

/** Loads in line for each slot: one that is under way, and one for which others leave meanwhile. */
export const DEPTH = 2;

/** Whether there are fewer than so many in line for each slot of a place. */
export type LineTest = (place: Place, depth: number) => boolean;

/**
 * The lines before the wants of one pass. Wants of one rank have the same line before them, and so have all copies by
 * demand. Within a pass only two things change it: something is promised a place, or a move is given up, so that its
 * copy is wanted less. Then lines are counted anew, when next needed.
 */
export class SlotLines {
  private readonly lines = new Map<Rank, LoadsInLine>();
  private promises: number;
  private moves: number;

  /** The wants it is asked about are those of one list (`wantsOf`), and share `asked`. */
  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly ledger: Ledger,
    private readonly now: Instant,
  ) {
    this.promises = ledger.promises;
    this.moves = fleet.moves.size;
  }

  /**
   * Tells whether others may leave for a load at a place now: only where it could begin about as soon as they have
   * left. A load further back in line waits without a place, so that what is warm serves until then. A later want of a
   * higher rank goes before it, also before what has its place and waits for leases there. Pins were promised their
   * memory and do not stand in line.
   */
  testFor(want: Want): LineTest {
    if (want.rank === PINNED) return () => true;
    let line: LoadsInLine | undefined;
    return ({ server, devices }, depth) =>
      (line ??= this.before(want)).isShort(server.spec.id, devices, depth);
  }

  private before(want: Want): LoadsInLine {
    this.forgetOutdated();
    const kind = want.isExtra ? EXTRA : want.rank;
    let line = this.lines.get(kind);
    if (!line) this.lines.set(kind, (line = new LoadsInLine(this.fleet, want, this.now)));
    return line;
  }

  private forgetOutdated(): void {
    const { promises } = this.ledger;
    const { size } = this.fleet.moves;
    if (promises === this.promises && size === this.moves) return;
    this.lines.clear();
    this.promises = promises;
    this.moves = size;
  }
}

/** One copy more by demand goes before no load in line, whatever its rank. */
const EXTRA: Rank = -1;

/** How many loads are in line for the slots of servers and devices before a want. */
class LoadsInLine {
  private readonly servers = new Map<ServerId, number>();
  private readonly devices = new Map<string, number>();

  constructor(
    private readonly fleet: Readonly<Fleet>,
    want: Want,
    now: Instant,
  ) {
    for (const replica of unsettled(fleet)) {
      if (!isCarried(replica) && isInLine(replica) && !ranksBefore(fleet, want, replica, now))
        this.add(replica, now);
    }
  }

  private add(replica: Replica, now: Instant): void {
    const { server } = replica;
    this.servers.set(server, (this.servers.get(server) ?? 0) + 1);
    if (now >= (loadBounds(this.fleet, replica)?.slotUntil ?? Infinity)) return;
    for (const device of devicesToCome(replica)) {
      const key = `${server}/${device}`;
      this.devices.set(key, (this.devices.get(key) ?? 0) + 1);
    }
  }

  isShort(server: ServerId, devices: readonly number[], depth: number): boolean {
    const { loadsPerServer, loadsPerDevice } = this.fleet.limits;
    if ((this.servers.get(server) ?? 0) >= depth * loadsPerServer) return false;
    return devices.every((device) => (this.devices.get(`${server}/${device}`) ?? 0) < depth * loadsPerDevice);
  }
}

/** Whether a load of it is under way, or has its place and waits for a slot. */
export const isInLine = (replica: Replica): boolean => isToLoad(replica) || loadBegan(replica) !== null;

/**
 * Whether a want ranks above what has its place and no load yet. That may wait there for leases, and where both can
 * begin it does so second.
 */
export function ranksBefore(
  fleet: Readonly<Fleet>,
  { rank, isExtra, asked }: Pick<Want, 'rank' | 'isExtra' | 'asked'>,
  replica: Replica,
  now: Instant,
): boolean {
  if (isExtra || !isToLoad(replica)) return false;
  const models = [replica.model, ...loadedFor(fleet, replica)];
  return models.every((id) => rankWanted(fleet, id, asked, now) < rank);
}
