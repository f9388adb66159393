import { type Fleet, unsettled } from '../fleet.js';
import type { ModelId } from '../ids.js';
import { loadForecast, restOfLoad } from '../load-forecast.js';
import type { Instant, Millis } from '../model.js';
import type { Server } from '../server.js';
import { isCarried } from '../standing.js';
import type { Share } from './beginnings.js';
import { isInLine } from './slot-line.js';
import { awaitedAmong } from './openings.js';
import type { Want } from './wants.js';

/** What somebody waits for and stands in line without a place: when the slots should come to it. */
export class LineAhead {
  private readonly known = new Map<Share, ReadonlyMap<ModelId, Millis>>();

  /** `inLine` is in the order in which places are given. */
  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly inLine: readonly Want[],
    private readonly open: readonly Server[],
    private readonly now: Instant,
  ) {}

  /** How long it should take, from now, until the load of a model can begin: 0 for what does not stand in line. */
  before(model: ModelId, share: Share): Millis {
    let begins = this.known.get(share);
    if (!begins) this.known.set(share, (begins = this.begin(share)));
    return begins.get(model) ?? 0;
  }

  /** Each takes the slot that is free first, of the servers that have its files, and holds it for its load. */
  private begin(share: Share): ReadonlyMap<ModelId, Millis> {
    const begins = new Map<ModelId, Millis>();
    const awaited = awaitedAmong(this.fleet, this.inLine);
    if (awaited.length === 0) return begins;
    const slots = this.open.flatMap((server) => this.slotsOf(server, share));
    for (const { model } of awaited) {
      const slot = firstFree(slots, ({ server }) => server.repository.has(model.id));
      if (!slot) continue;
      begins.set(model.id, slot.freeIn);
      slot.freeIn += loadForecast(this.fleet, model.id, slot.server.spec.id)[share];
    }
    return begins;
  }

  /** When they are free once all is loaded that has a place there. */
  private slotsOf(server: Server, share: Share): Slot[] {
    const { fleet, now } = this;
    const { loadsPerServer, loadsPerDevice } = fleet.limits;
    const count = Math.min(loadsPerServer, loadsPerDevice * (server.devices?.length ?? 0));
    const slots = Array.from({ length: count }, (): Slot => ({ server, freeIn: 0 }));
    for (const replica of unsettled(fleet)) {
      if (replica.server !== server.spec.id || isCarried(replica) || !isInLine(replica)) continue;
      const slot = firstFree(slots, () => true);
      if (slot) slot.freeIn += restOfLoad(fleet, replica, now)[share];
    }
    return slots;
  }
}

interface Slot {
  readonly server: Server;
  freeIn: Millis;
}

function firstFree(slots: readonly Slot[], isMeant: (slot: Slot) => boolean): Slot | undefined {
  let first: Slot | undefined;
  for (const slot of slots) if (isMeant(slot) && (!first || slot.freeIn < first.freeIn)) first = slot;
  return first;
}
